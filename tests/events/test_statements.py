"""Recording takes one statement per save with an event or a changed trait, else none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import (
    Business,
    Customer,
    CustomFieldValue,
    LineItem,
    Order,
    PickupRequest,
    RegularPickupRequest,
    Stop,
    Visit,
)
from events.models import Integration, Outgoing
from tests.events.outbox_rows import names, nothing_written
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
    EmployeeFactory,
    LineItemFactory,
    OrderFactory,
    StopFactory,
)

pytestmark = pytest.mark.usefixtures("integration")
VERB_AND_TABLE = re.compile(
    r'(INSERT INTO|UPDATE|DELETE FROM|SELECT)[\s\S]*?"?((?:customers|events)_\w+)"?'
)
INSERT_OUTBOX_ROWS = "INSERT INTO events_outgoing"


@contextmanager
def statements(*expected: str) -> Iterator[None]:
    """Assert that exactly these statements run, in this order."""
    with CaptureQueriesContext(connection) as captured:
        yield
    matches = [VERB_AND_TABLE.match(query["sql"].strip()) for query in captured]
    assert [" ".join(match.groups()) for match in matches if match] == list(expected), [
        query["sql"] for query in captured
    ]
    assert None not in matches, [query["sql"] for query in captured]


@pytest.fixture
def order(customer: Customer) -> Order:
    """An order with an agent, an employee who sold it, and a discount."""
    business = customer.business
    people = {
        "agent": AgentFactory.create(business=business),
        "sold_by": EmployeeFactory.create(business=business),
    }
    order: Order = OrderFactory.create(
        business=business,
        customer=customer,
        discount=DiscountFactory.create(business=business),
        **people,
    )
    Outgoing.objects.all().delete()
    return order


def test_a_new_customer_takes_one_statement_for_signup_and_identify(business: Business) -> None:
    customer = CustomerFactory.build(business=business)
    with statements("INSERT INTO customers_customer", INSERT_OUTBOX_ROWS):
        customer.save()
    assert names() == ["New Customer Signup", "identify"]


def test_a_changed_customer_takes_one_statement(customer: Customer) -> None:
    customer.email = "changed@example.com"
    with statements("UPDATE customers_customer", INSERT_OUTBOX_ROWS):
        customer.save()
    customer.receive_texts = False
    with statements("UPDATE customers_customer", INSERT_OUTBOX_ROWS):
        customer.save(update_fields=["receive_texts"])
    assert names() == ["identify"]


def test_a_new_order_takes_one_statement_with_all_related_records(
    order: Order, customer: Customer
) -> None:
    new = Order(
        business=customer.business,
        customer=customer,
        agent=order.agent,
        sold_by=order.sold_by,
        discount=order.discount,
    )
    with statements("INSERT INTO customers_order", INSERT_OUTBOX_ROWS):
        new.save()
    assert names() == ["Order Created"]


@pytest.mark.parametrize("status", ["ready", "returned"])
def test_a_new_status_of_an_order_takes_one_statement(order: Order, status: str) -> None:
    order.status = status
    order.returned_by = order.sold_by
    with statements("UPDATE customers_order", INSERT_OUTBOX_ROWS):
        order.save(update_fields=["status", "returned_by"])


def test_a_returned_item_takes_one_statement(order: Order) -> None:
    item: LineItem = LineItemFactory.create(order=order)
    item.returned_at = timezone.now()
    with statements("UPDATE customers_lineitem", INSERT_OUTBOX_ROWS):
        item.save()


@pytest.mark.parametrize("status", ["completed", "missed"])
def test_a_completed_or_missed_stop_takes_one_statement(customer: Customer, status: str) -> None:
    stop: Stop = StopFactory.create(business=customer.business, customer=customer)
    stop.status, stop.completed_at = status, timezone.now()
    with statements("UPDATE customers_stop", INSERT_OUTBOX_ROWS):
        stop.save()


def test_a_visit_a_pickup_and_a_request_take_one_statement_each(customer: Customer) -> None:
    business, day = customer.business, customer.business.today()
    with statements("INSERT INTO customers_visit", INSERT_OUTBOX_ROWS):
        Visit(
            business=business,
            customer=customer,
            day=day,
            at=timezone.now(),
            visit_type=Visit.Type.STORE,
        ).save(force_insert=True)
    pickup = PickupRequest(
        business=business, customer=customer, pickup_date=day, scheduled_by="Customer"
    )
    with statements("INSERT INTO customers_pickuprequest", INSERT_OUTBOX_ROWS):
        pickup.save()
    pickup.status, pickup.canceled_via = (
        PickupRequest.Status.CANCELED,
        PickupRequest.CanceledVia.WEBSITE,
    )
    with statements("UPDATE customers_pickuprequest", INSERT_OUTBOX_ROWS):
        pickup.save()
    with statements("INSERT INTO customers_regularpickuprequest", INSERT_OUTBOX_ROWS):
        RegularPickupRequest(business=business, customer=customer).save()
    assert names() == [
        "Customer Visit",
        "Pickup Scheduled",
        "Customer Canceled Pickup",
        "Customer Requested Regular Pickups",
    ]


def test_a_custom_field_value_takes_one_statement(customer: Customer) -> None:
    field = CustomFieldFactory.create(business=customer.business)
    value = CustomFieldValue(customer=customer, field=field, value="Friend")
    with statements("INSERT INTO customers_customfieldvalue", INSERT_OUTBOX_ROWS):
        value.save()
    value.value = "Website"
    with statements("UPDATE customers_customfieldvalue", INSERT_OUTBOX_ROWS):
        value.save()
    with statements("DELETE FROM customers_customfieldvalue", INSERT_OUTBOX_ROWS):
        value.delete()


def test_a_renamed_brand_takes_one_statement_for_any_number_of_customers(
    business: Business,
) -> None:
    brand = BrandFactory.create(business=business)
    CustomerFactory.create_batch(20, business=business, brand=brand)
    brand.name = "Renamed"
    with statements("UPDATE customers_brand", "INSERT INTO events_traitchange"):
        brand.save()


def test_a_save_without_an_event_or_a_changed_trait_takes_no_statement(
    order: Order, customer: Customer
) -> None:
    item = LineItemFactory.create(order=order)
    value = CustomFieldValueFactory.create(customer=customer)
    with nothing_written():
        order.bags = 3
        with statements("UPDATE customers_order"):
            order.save()
        customer.visit_frequency = Customer.VisitFrequency.WEEKLY
        with statements("UPDATE customers_customer"):
            customer.save()
        with statements("UPDATE customers_lineitem"):
            item.save()
        with statements("UPDATE customers_customfieldvalue"):
            value.save()
        with statements("UPDATE customers_employee"):
            assert order.sold_by
            order.sold_by.name = "Renamed"
            order.sold_by.save()


def test_a_business_that_is_switched_off_has_no_more_statements(
    order: Order, integration: Integration
) -> None:
    integration.enabled = False
    integration.save()
    with nothing_written():
        order.status, order.total = Order.Status.READY, Decimal(30)
        with statements("UPDATE customers_order", INSERT_OUTBOX_ROWS):
            order.save()
        assert order.agent
        order.agent.name = "Renamed"
        with statements("UPDATE customers_agent", "INSERT INTO events_traitchange"):
            order.agent.save()
