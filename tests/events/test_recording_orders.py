"""The events of an order: which are recorded, about what, at what time, with which facts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Business, Customer, Employee, NewLineItem, Order
from events.models import Outgoing
from tests.customers.refused import refused
from tests.events.outbox_rows import facts, names, nothing_written, waiting
from tests.factories import AgentFactory, BrandFactory, DepartmentFactory, DiscountFactory

pytestmark = pytest.mark.usefixtures("integration")

SHIRT, COAT = NewLineItem("Shirt", Decimal("4.50"), 2), NewLineItem("Coat", Decimal("20.00"))


@pytest.fixture
def order(customer: Customer, clerk: Employee) -> Order:
    """An order of two items. Its events were deleted, so nothing waits."""
    order = Order.create(customer, items=[SHIRT, COAT], sold_by=clerk, number="1001")
    Outgoing.objects.all().delete()
    return order


def common(business: Business, **more: Any) -> dict[str, Any]:
    """Return the facts that all events of `order` have."""
    facts = {
        "order_id": "1001",
        "agent": None,
        "customer_brand": business.name,
        "value": "29.00",
        "currency": "USD",
    }
    return facts | {"sold_by": "Carla Counter", "returned_by": None, "discount": None} | more


def test_a_new_order_records_order_created_and_a_visit(
    business: Business, customer: Customer, clerk: Employee
) -> None:
    at = timezone.now() - timedelta(hours=2)
    order = Order.create(
        customer,
        items=[SHIRT, COAT],
        agent=AgentFactory.create(business=business, name="Market Street"),
        sold_by=clerk,
        discount=DiscountFactory.create(
            business=business, name="Welcome", description="", kind="AMOUNT", value=Decimal("5.00")
        ),
        tax_rate=Decimal("8.625"),
        number="1001",
        at=at,
    )
    assert [
        (row.event, row.subject_id, row.occurred_at) for row in waiting(event__startswith="Order")
    ] == [("Order Created", order.pk, at)]
    assert facts("Order Created") == common(
        business,
        agent="Market Street",
        value="26.07",
        discount={"name": "Welcome", "description": "", "value": 5.00},
    )
    assert names() == ["Order Created", "Customer Visit", "identify"]


def test_each_row_has_its_business_its_customer_and_its_own_message_id(
    business: Business, customer: Customer
) -> None:
    Order.create(customer, items=[SHIRT])
    rows = waiting()
    assert {
        (row.business_id, row.customer_id, row.user_id, row.attempts, row.last_error)
        for row in rows
    } == {(business.pk, customer.pk, customer.uuid, 0, "")}
    assert len({row.message_id for row in rows}) == len(rows) == 3
    assert all(len(row.message_id) == 32 and int(row.message_id, 16) for row in rows)


def test_the_brand_is_the_customer_s(business: Business, customer: Customer) -> None:
    customer.brand = BrandFactory.create(business=business, name="Premium")
    customer.save()
    Order.create(customer)
    assert facts("Order Created")["customer_brand"] == "Premium"


def test_the_currency_is_the_business_s(business: Business, customer: Customer) -> None:
    business.currency = "JPY"
    business.save()
    customer.business.refresh_from_db()
    Order.create(customer, items=[NewLineItem("Shirt", Decimal("450.40"))])
    assert (facts("Order Created")["currency"], facts("Order Created")["value"]) == (
        "JPY",
        "450.00",
    )


def test_an_order_becomes_ready_once(order: Order, business: Business) -> None:
    at = timezone.now()
    order.mark_ready(at)
    assert [(row.event, row.subject_id, row.occurred_at, row.facts) for row in waiting()] == [
        ("Order Ready", order.pk, at, common(business))
    ]
    with nothing_written(), refused("Order 1001 is already ready.", "ready_already"):
        order.mark_ready()


def test_a_returned_order_records_itself_and_each_of_its_items(
    order: Order, business: Business, driver: Employee
) -> None:
    cleaning = DepartmentFactory.create(business=business, name="Dry Cleaning")
    shirts, coat = order.items.order_by("pk")
    coat.department = cleaning
    coat.save()
    at = timezone.now()
    order.return_to_customer(by=driver, at=at)

    returned = common(business, returned_by="Dan Driver")
    shirts_facts = {
        "line_item_id": str(shirts.pk),
        "description": "Shirt",
        "quantity": 2,
        "price": "4.50",
        "department": None,
    }
    coat_facts = {
        "line_item_id": str(coat.pk),
        "description": "Coat",
        "quantity": 1,
        "price": "20.00",
        "department": "Dry Cleaning",
    }
    assert [
        (row.event, row.subject_id, row.occurred_at, row.facts)
        for row in waiting(event__startswith="Order")
    ] == [
        ("Order Returned", order.pk, at, returned),
        ("Order Line Item Returned", shirts.pk, at, returned | shirts_facts),
        ("Order Line Item Returned", coat.pk, at, returned | coat_facts),
    ]
    assert names() == [
        "Order Returned",
        "Order Line Item Returned",
        "Order Line Item Returned",
        "identify",
    ]


def test_a_second_return_records_nothing(order: Order, clerk: Employee) -> None:
    order.return_to_customer(by=clerk)
    with nothing_written(), refused("Order 1001 was already returned.", "returned_already"):
        order.return_to_customer(by=clerk)


def test_items_returned_one_by_one_are_recorded_and_the_order_with_the_last(
    order: Order, clerk: Employee
) -> None:
    shirts, coat = order.items.order_by("pk")
    order.return_to_customer(by=clerk, items=[coat])
    assert names(event__startswith="Order") == ["Order Line Item Returned"]
    order.return_to_customer(by=clerk, items=[shirts])
    assert names(event__startswith="Order") == [
        "Order Line Item Returned",
        "Order Returned",
        "Order Line Item Returned",
    ]
    assert [row.subject_id for row in waiting(event="Order Line Item Returned")] == [
        coat.pk,
        shirts.pk,
    ]


def test_changing_an_order_records_nothing(order: Order, business: Business) -> None:
    with nothing_written():
        (line,) = order.add_items([NewLineItem("Tie", Decimal("7.00"))])
        order.remove_items([line])
        order.change(discount=DiscountFactory.create(business=business))
        order.change(discount=None)


def test_orders_and_items_saved_without_the_actions_record_their_events_too(
    order: Order, business: Business
) -> None:
    """An application may set fields and save instead of calling the actions."""
    order.status = Order.Status.READY
    order.save()
    (ready,) = waiting(event="Order Ready")
    assert ready.occurred_at <= timezone.now()
    item = order.items.first()
    assert item is not None
    item.returned_at = at = timezone.now()
    item.save()
    (returned,) = waiting(event="Order Line Item Returned")
    assert (returned.subject_id, returned.occurred_at) == (item.pk, at)
