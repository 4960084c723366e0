"""The events of a driver's stops."""

from decimal import Decimal

import pytest
from django.utils import timezone

from customers.models import AddressDict, Business, Customer, Employee, NewLineItem, Order, Stop
from events.models import Integration, Outgoing
from tests.customers.refused import refused
from tests.events.outbox_rows import facts, names, nothing_written, waiting
from tests.factories import AgentFactory

ADDRESS: AddressDict = {
    "street": "7 Example Street",
    "city": "San Francisco",
    "state": "CA",
    "postalCode": "94110",
    "country": "US",
}


@pytest.fixture
def stop(integration: Integration, customer: Customer, driver: Employee) -> Stop:
    customer.set_address(ADDRESS)
    route = AgentFactory.create(business=customer.business, route=True, name="Route 7")
    return Stop.schedule(customer, customer.business.today(), driver=driver, route=route)


def forget_waiting_events() -> None:
    Outgoing.objects.all().delete()


def test_scheduling_a_stop_records_nothing(stop: Stop) -> None:
    assert names() == []


def test_a_completed_stop_records_its_pickups_and_deliveries(
    stop: Stop, customer: Customer
) -> None:
    cleaned = [Order.create(customer, bags=2), Order.create(customer, bags=1)]
    Order.create(customer, stop=stop)
    forget_waiting_events()
    at = timezone.now()
    stop.complete(delivered_orders=cleaned, at=at)
    (completed,) = waiting(event="Pickup Completed")
    assert (completed.subject_id, completed.occurred_at, completed.customer_id) == (
        stop.pk,
        at,
        customer.pk,
    )
    assert completed.facts == {
        "driver": "Dan Driver",
        "route": "Route 7",
        "address": ADDRESS,
        "had_pickup": True,
        "had_delivery": True,
        "total_pickups": 1,
        "total_deliveries": 3,
    }
    assert names() == ["Order Returned", "Order Returned", "Pickup Completed", "identify"]


@pytest.mark.parametrize(
    ("orders", "bags", "picked_up", "delivered"),
    [(0, 4, False, True), (2, 0, True, False), (1, 1, True, True)],
)
def test_orders_are_counted_as_pickups_and_bags_as_deliveries(
    stop: Stop, customer: Customer, orders: int, bags: int, picked_up: bool, delivered: bool
) -> None:
    for _ in range(orders):
        Order.create(customer, stop=stop)
    stop.complete(bags_delivered=bags)
    recorded = facts("Pickup Completed")
    assert (recorded["had_pickup"], recorded["had_delivery"]) == (picked_up, delivered)
    assert (recorded["total_pickups"], recorded["total_deliveries"]) == (orders, bags)


def test_the_driver_is_the_employee_who_came(
    stop: Stop, business: Business, clerk: Employee
) -> None:
    stop.complete(clerk, bags_delivered=1)
    assert facts("Pickup Completed")["driver"] == "Carla Counter"


@pytest.mark.parametrize("action", ["complete", "miss"])
def test_a_stop_without_pickups_and_deliveries_is_missed_and_no_visit(
    stop: Stop, action: str
) -> None:
    at = timezone.now()
    getattr(stop, action)(at=at)
    assert [(row.event, row.subject_id, row.occurred_at, row.facts) for row in waiting()] == [
        (
            "Pickup Missed",
            stop.pk,
            at,
            {"driver": "Dan Driver", "route": "Route 7", "address": ADDRESS},
        )
    ]


def test_a_stop_without_details_has_empty_facts(
    integration: Integration, customer: Customer
) -> None:
    Customer.objects.update(street="", city="", state="", postal_code="", country="")
    customer.refresh_from_db()
    Stop.schedule(customer, customer.business.today()).miss()
    assert facts("Pickup Missed") == {"driver": None, "route": None, "address": None}


def test_a_stop_is_completed_once(stop: Stop) -> None:
    stop.complete(bags_delivered=1)
    with nothing_written(), refused("This stop was already completed.", "completed_already"):
        stop.complete(bags_delivered=1)
    with nothing_written(), refused("This stop was already completed.", "completed_already"):
        stop.miss()


def test_a_delivery_returns_the_order_and_its_items_by_the_driver(
    stop: Stop, customer: Customer
) -> None:
    order = Order.create(
        customer, items=[NewLineItem("Coat", Decimal(20)), NewLineItem("Shirt", Decimal("4.5"))]
    )
    forget_waiting_events()
    stop.complete(delivered_orders=[order])
    assert names() == [
        "Order Returned",
        "Order Line Item Returned",
        "Order Line Item Returned",
        "Pickup Completed",
        "identify",
    ]
    assert {row.facts["returned_by"] for row in waiting(event__startswith="Order")} == {
        "Dan Driver"
    }
