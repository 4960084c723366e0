"""An event says what was true when it happened, whatever is changed or deleted before it leaves."""

import json
from decimal import Decimal
from typing import Any

import pytest

from customers.models import Customer, Discount, LineItem, NewLineItem, Order, Stop
from events.models import Integration, Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.events.golden_business import Shop
from tests.events.outbox_rows import facts, waiting
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    EmployeeFactory,
    OrderFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop()


def posted(segment: SegmentStandIn, event: str) -> dict[str, Any]:
    """The properties of the one such event, delivered now."""
    Delivery().run()
    (message,) = [message for message in segment.accepted() if message.get("event") == event]
    properties: dict[str, Any] = message["properties"]
    return properties


def recorded() -> list[Any]:
    return list(Outgoing.objects.exclude(event="identify").order_by("id").values())


def rename(*records: Any) -> None:
    for record in records:
        record.name = f"{record.name} (was renamed)"
        record.save()


def test_renaming_what_an_order_names_changes_nothing(shop: Shop, segment: SegmentStandIn) -> None:
    shop.open()
    ann = shop.ann(brand=shop.of(BrandFactory, name="Premium"))
    order = shop.order(ann, discount=shop.loyal())
    order.return_to_customer(by=shop.of(EmployeeFactory, name="Carlos Counter"))
    before = recorded()
    item = LineItem.objects.filter(order=order).select_related("department")[0]
    rename(
        order.agent,
        order.sold_by,
        order.returned_by,
        order.discount,
        ann.brand,
        item.department,
        shop.business,
    )
    assert recorded() == before
    properties = posted(segment, "Order Returned")
    assert "renamed" not in json.dumps(properties)
    assert properties["discount"] == {
        "name": "Loyalty 10%",
        "description": "After ten orders",
        "value": 10,
    }


def test_a_discount_that_is_raised_later_was_what_it_was(shop: Shop) -> None:
    shop.open()
    loyal = shop.loyal()
    shop.order(shop.ann(), discount=loyal)
    Discount.objects.update(value=Decimal(50), description="For everybody")
    assert facts("Order Created")["discount"] == {
        "name": "Loyalty 10%",
        "description": "After ten orders",
        "value": 10.00,
    }


def test_a_total_that_changes_an_hour_later_does_not_change_what_was_recorded(
    shop: Shop, segment: SegmentStandIn
) -> None:
    shop.open()
    order = shop.order(shop.ann())
    order.add_items([NewLineItem("Wedding dress", Decimal(250))])
    assert order.total == Decimal("315.23")
    assert posted(segment, "Order Created")["value"] == 43.67


def test_an_order_says_the_total_of_the_moment_in_each_of_its_events(shop: Shop) -> None:
    shop.open()
    order = shop.order(shop.ann())
    order.add_items([NewLineItem("Tie", Decimal(7))])
    order.mark_ready()
    assert (facts("Order Created")["value"], facts("Order Ready")["value"]) == ("43.67", "51.27")


def test_rows_that_are_deleted_before_it_leaves_are_still_named(
    shop: Shop, segment: SegmentStandIn
) -> None:
    shop.open()
    order = shop.order(shop.ann(), discount=shop.loyal())
    agent, clerk, discount = order.agent, order.sold_by, order.discount
    assert agent
    assert clerk
    assert discount
    order.delete()
    for record in (agent, clerk, discount):
        record.delete()
    properties = posted(segment, "Order Created")
    assert (properties["agent"], properties["sold_by"], properties["discount"]["name"]) == (
        "Market Street",
        "Carla Counter",
        "Loyalty 10%",
    )


def test_a_customer_who_is_deleted_before_it_leaves_still_did_it(
    shop: Shop, segment: SegmentStandIn
) -> None:
    shop.open()
    ann = shop.ann()
    user_id = str(ann.uuid)
    order = OrderFactory.create(business=shop.business, customer=ann, number="1001")
    order.delete()
    ann.delete()
    Delivery().run()
    assert [(message.get("event"), message["userId"]) for message in segment.accepted()] == [
        ("New Customer Signup", user_id),
        ("Order Created", user_id),
    ]


def test_a_stop_remembers_its_driver_route_and_address(shop: Shop, segment: SegmentStandIn) -> None:
    shop.open()
    ann = shop.ann()
    ann.business = shop.business
    stop = Stop.schedule(
        ann,
        shop.business.today(),
        driver=shop.of(EmployeeFactory, name="Dan Driver"),
        route=shop.of(AgentFactory, name="Route 7"),
    )
    stop.complete(bags_delivered=1)
    before = recorded()
    rename(stop.driver, stop.route)
    Stop.objects.update(street="99 Moved Street", driver=None, route=None)
    Customer.objects.update(street="99 Moved Street")
    assert recorded() == before
    properties = posted(segment, "Pickup Completed")
    assert (properties["driver"], properties["route"], properties["address"]["street"]) == (
        "Dan Driver",
        "Route 7",
        "12 Example Street",
    )


def test_the_brand_is_the_one_of_the_moment(shop: Shop) -> None:
    shop.open()
    ann = shop.ann(brand=shop.of(BrandFactory, name="Premium"))
    Order.create(ann, number="1")
    ann.brand = shop.of(BrandFactory, name="Budget")
    ann.save()
    Order.create(ann, number="2")
    ann.brand = None
    ann.save()
    Order.create(ann, number="3")
    brands = [row.facts["customer_brand"] for row in waiting(event="Order Created")]
    assert brands == ["Premium", "Budget", "Bayview Cleaners"]


def test_a_name_that_changes_within_the_transaction_is_the_one_it_had_then(shop: Shop) -> None:
    """Facts are read by the statement that records the event, not at the end of the transaction."""
    shop.open()
    agent = shop.of(AgentFactory, name="Market Street")
    Order.create(shop.ann(), agent=agent)
    rename(agent)
    assert facts("Order Created")["agent"] == "Market Street"


def test_a_record_that_was_renamed_elsewhere_is_named_as_the_database_has_it(shop: Shop) -> None:
    """The copy at hand may be old."""
    shop.open()
    agent = shop.of(AgentFactory, name="Market Street")
    type(agent).objects.filter(pk=agent.pk).update(name="Market and 4th")
    Order.create(shop.ann(), agent=agent)
    assert agent.name == "Market Street"
    assert facts("Order Created")["agent"] == "Market and 4th"


def test_another_business_s_customer_is_never_named(shop: Shop, integration: Integration) -> None:
    shop.open()
    CustomerFactory.create(business=integration.business, first_name="Stranger")
    shop.order(shop.ann())
    rows = waiting(business=shop.business)
    assert {row.business_id for row in rows} == {shop.business.pk}
    assert "Stranger" not in json.dumps([row.facts for row in rows])
