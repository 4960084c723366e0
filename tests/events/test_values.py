"""Amounts and strings of any kind arrive as the database stores them."""

import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customers.models import Customer, Discount, LineItem, Order, Stop
from events import catalogue
from events.models import Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.events.contract import EVENTS, field_violations
from tests.events.outbox_rows import facts, waiting
from tests.factories import (
    AgentFactory,
    DiscountFactory,
    LineItemFactory,
    OrderFactory,
    StopFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.usefixtures("integration")

many_examples = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
amounts = st.decimals(
    min_value=0,
    max_value=Decimal("9999999999.99"),
    allow_nan=False,
    allow_infinity=False,
    places=None,
)
# PostgreSQL stores every character but NUL, and UTF-8 has no half of a surrogate pair. Composed, as
# columns store texts.
strings = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60
).map(partial(unicodedata.normalize, "NFC"))


def latest() -> Outgoing:
    return Outgoing.objects.exclude(event="identify").order_by("-id")[0]


def properties(row: Outgoing) -> dict[str, Any]:
    return dict(catalogue.BY_NAME[row.event].properties(row.facts))


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what one example does, so that it does not affect the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@many_examples
@given(amounts)
@example(Decimal("10.125"))
@example(Decimal("10.135"))
@example(Decimal("0.005"))
@example(Decimal("1E+3"))
@example(Decimal("0." + "3" * 40))
@example(Decimal("9999999999.994999999999999999999999"))
def test_an_order_s_value_equals_its_column(customer: Customer, total: Decimal) -> None:
    with rolled_back():
        order = Order(business=customer.business, customer=customer, total=total)
        order.save()
        stored = Order.objects.get(pk=order.pk).total
        assert latest().facts["value"] == str(stored)
        sent = properties(latest())
        assert sent["value"] == sent["revenue"] == float(stored)
        assert Decimal(repr(sent["value"])) == stored


@many_examples
@given(amounts)
@example(Decimal("2.675"))
def test_an_item_s_price_equals_its_column(customer: Customer, price: Decimal) -> None:
    with rolled_back():
        order = OrderFactory.create(business=customer.business, customer=customer)
        item = LineItem(order=order, description="Coat", price=price, returned_at=order.created_at)
        item.save()
        assert properties(latest())["price"] == float(LineItem.objects.get(pk=item.pk).price)


@many_examples
@given(amounts)
def test_a_discount_s_value_equals_its_column(customer: Customer, value: Decimal) -> None:
    with rolled_back():
        discount = DiscountFactory.create(
            business=customer.business, kind=Discount.Kind.AMOUNT, value=value
        )
        OrderFactory.create(business=customer.business, customer=customer, discount=discount)
        assert (
            Decimal(repr(properties(latest())["discount"]["value"]))
            == Discount.objects.get(pk=discount.pk).value
        )


@pytest.mark.parametrize("total", [20, 20.1, "20.10", "20.105", 0.1 + 0.2])
def test_an_amount_may_be_given_as_another_type_than_a_decimal(
    customer: Customer, total: Any
) -> None:
    Order(business=customer.business, customer=customer, total=total).save()
    assert latest().facts["value"] == str(Order.objects.get().total)


def test_an_amount_may_be_computed_by_the_database(customer: Customer) -> None:
    order = OrderFactory.create(
        business=customer.business, customer=customer, total=Decimal("20.00")
    )
    order.total = F("total") + Decimal("1.25")
    order.status = Order.Status.READY
    order.save()
    assert Order.objects.get().total == Decimal("21.25")
    assert facts("Order Ready")["value"] == "21.25"
    assert properties(latest())["value"] == 21.25


def test_a_price_may_be_computed_by_the_database(customer: Customer) -> None:
    item = LineItemFactory.create(
        order=OrderFactory.create(business=customer.business, customer=customer),
        price=Decimal("4.00"),
    )
    item.price, item.returned_at = F("price") / 3, item.order.created_at
    item.save()
    assert facts("Order Line Item Returned")["price"] == "1.33"


@many_examples
@given(strings, strings)
@example("Zoë's Wäscherei 洗濯屋 🧺", '{"a": "b\\u0000"}')
@example("%s %(x)s {} {0}", "'; DROP TABLE events_outgoing; --")
@example("\u2028\u202e\ufeff", "\x01\x1f\x7f")
def test_strings_arrive_unchanged(customer: Customer, name: str, description: str) -> None:
    with rolled_back():
        agent = AgentFactory.create(business=customer.business, name=name)
        stop = StopFactory.create(
            business=customer.business,
            customer=customer,
            route=agent,
            street=name,
            city=description,
        )
        stop.status = Stop.Status.MISSED
        stop.save()
        sent = properties(latest())
        assert (sent["route"], sent["address"]["street"], sent["address"]["city"]) == (
            name,
            name,
            description,
        )
        order = OrderFactory.create(business=customer.business, customer=customer, agent=agent)
        LineItemFactory.create(order=order, description=description, returned_at=order.created_at)
        sent = properties(latest())
        assert (sent["agent"], sent["description"]) == (name, description)
        assert (
            field_violations(
                "properties", json.loads(json.dumps(sent)), EVENTS["Order Line Item Returned"]
            )
            == []
        )


def test_unicode_arrives_unchanged_at_segment(customer: Customer, segment: SegmentStandIn) -> None:
    name = "Zoë 洗濯屋 🧺 \u202eabc"
    Customer.objects.update(first_name=name)
    order = OrderFactory.create(business=customer.business, customer=customer, agent__name=name)
    LineItemFactory.create(order=order, description=name, returned_at=order.created_at)
    Delivery().run()
    identify, created, returned = segment.accepted()
    assert identify["traits"]["firstName"] == name
    assert created["properties"]["agent"] == name
    assert (returned["properties"]["agent"], returned["properties"]["description"]) == (name, name)


def test_the_largest_integers_are_recorded(customer: Customer) -> None:
    stop = StopFactory.create(business=customer.business, customer=customer)
    stop.complete(bags_delivered=2**31 - 1)
    assert facts("Pickup Completed")["total_deliveries"] == 2**31 - 1


def test_facts_are_stored_as_plain_json(customer: Customer) -> None:
    Order.create(customer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT event, jsonb_typeof(facts) FROM events_outgoing")
        assert {kind for _, kind in cursor.fetchall()} == {"object"}
    assert {row.event: row.facts for row in waiting()}["identify"] == {}
