"""Drivers' stops: completed or missed at once, or reported later."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer, Order, Stop
from events.models import Integration, Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller, errors, fields, told_errors
from tests.events.outbox_rows import facts, names
from tests.factories import (
    AgentFactory,
    CustomerFactory,
    EmployeeFactory,
    OrderFactory,
    StopFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def ago(minutes: int) -> str:
    return (timezone.now() - timedelta(minutes=minutes)).isoformat()


def test_a_stop_with_a_new_order_and_delivered_bags_is_completed(
    app: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
) -> None:
    stop = StopFactory.create(customer=customer)
    driver = EmployeeFactory.create(business=customer.business, driver=True, name="Dan Driver")
    old = OrderFactory.create(customer=customer, bags=2)
    body = {
        "driver": str(driver.uuid),
        "new_orders": [{"items": [{"description": "Shirt", "price": "4.50"}], "bags": 1}],
        "delivered_orders": [str(old.uuid)],
    }

    response = app.post(f"stops/{stop.uuid}/complete", body)

    assert response.status_code == 200, response.content
    stop_data = response.json()
    assert (stop_data["status"], stop_data["total_pickups"], stop_data["total_deliveries"]) == (
        "completed",
        1,
        2,
    )
    Delivery().run()
    (completed,) = [
        message for message in segment.accepted() if message.get("event") == "Pickup Completed"
    ]
    assert completed["properties"]["driver"] == "Dan Driver"
    assert (completed["properties"]["had_pickup"], completed["properties"]["total_deliveries"]) == (
        True,
        2,
    )


def test_a_stop_with_nothing_to_do_is_missed(app: Caller, customer: Customer) -> None:
    first, second = StopFactory.create_batch(2, customer=customer)

    assert app.post(f"stops/{first.uuid}/miss").json()["status"] == "missed"
    assert app.post(f"stops/{second.uuid}/complete").json()["status"] == "missed"


def test_an_order_returned_at_a_stop_counts_as_a_delivery(
    app: Caller, customer: Customer, integration: Integration
) -> None:
    """It counts once, when the driver completes the stop."""
    stop, order = (
        StopFactory.create(customer=customer),
        OrderFactory.create(customer=customer, bags=2),
    )
    Outgoing.objects.all().delete()

    assert app.post(f"orders/{order.uuid}/return", {"stop": str(stop.uuid)}).status_code == 200
    assert names() == ["Order Returned"]
    assert app.post(f"stops/{stop.uuid}/miss").status_code == 409
    assert app.post(f"stops/{stop.uuid}/complete").json()["status"] == "completed"

    assert names() == ["Order Returned", "Pickup Completed", "Customer Visit", "identify"]
    completed = facts("Pickup Completed")
    assert (completed["had_pickup"], completed["had_delivery"], completed["total_deliveries"]) == (
        False,
        True,
        2,
    )
    assert facts("Customer Visit") == {"visit_type": "Driver"}


def test_completing_a_finished_stop_is_a_conflict_with_any_body(
    app: Caller, customer: Customer
) -> None:
    """No field of the request is wrong, so it is not a 400."""
    stop = StopFactory.create(customer=customer)
    bodies: list[dict[str, Any]] = [{"new_orders": [{"bags": 1}]}, {"bags_delivered": 1}, {}]

    first, *again = (app.post(f"stops/{stop.uuid}/complete", body) for body in [bodies[0], *bodies])

    assert first.status_code == 200
    assert [(response.status_code, errors(response)) for response in again] == [
        (409, [("completed_already", None, "This stop was already completed.")])
    ] * 3
    assert Order.objects.count() == 1


def test_an_invalid_delivery_refuses_the_whole_stop(app: Caller, customer: Customer) -> None:
    stop, theirs = (
        StopFactory.create(customer=customer),
        OrderFactory.create(customer=CustomerFactory.create(business=customer.business)),
    )
    body = {
        "new_orders": [{"items": [{"description": "Shirt", "price": "4.50"}]}],
        "delivered_orders": [str(theirs.uuid)],
    }

    response = app.post(f"stops/{stop.uuid}/complete", body)

    assert (response.status_code, fields(response)) == (400, ["delivered_orders"])
    stop.refresh_from_db()
    assert stop.status == Stop.Status.PENDING
    assert not Order.objects.filter(stop=stop).exists()


def test_a_phone_that_was_offline_reports_stops_in_any_order(
    app: Caller, customer: Customer, integration: Integration
) -> None:
    """An order taken in before is delivered at the last stop, which the phone lists first."""
    morning, noon, evening = StopFactory.create_batch(3, customer=customer)
    old = OrderFactory.create(
        customer=customer, bags=3, created_at=timezone.now() - timedelta(days=1)
    )
    reports: list[dict[str, Any]] = [
        {
            "stop": str(evening.uuid),
            "outcome": "completed",
            "at": ago(10),
            "delivered_orders": [str(old.uuid)],
        },
        {"stop": str(noon.uuid), "outcome": "missed", "at": ago(60)},
        {
            "stop": str(morning.uuid),
            "outcome": "completed",
            "at": ago(120),
            "new_orders": [{"bags": 1}],
        },
    ]

    results = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [(result["stop"], result["status"]) for result in results] == [
        (report["stop"], "done") for report in reports
    ]
    for stop in (morning, noon, evening):
        stop.refresh_from_db()
    assert [stop.status for stop in (morning, noon, evening)] == [
        "completed",
        "missed",
        "completed",
    ]
    assert morning.completed_at is not None
    assert morning.completed_at < timezone.now() - timedelta(minutes=119)

    again = app.post("stops/reports", {"reports": reports}).json()["answers"]
    assert [result["status"] for result in again] == ["known"] * 3
    assert Order.objects.filter(stop=morning).count() == 1


def test_a_report_with_another_outcome_is_not_a_repetition(app: Caller, customer: Customer) -> None:
    """The counter marked the stop as missed. The driver's orders must not be lost silently."""
    stop = StopFactory.create(customer=customer)
    app.post(f"stops/{stop.uuid}/miss")

    results = [
        app.post(
            "stops/reports", {"reports": [{"stop": str(stop.uuid), "outcome": "completed"} | extra]}
        ).json()["answers"][0]
        for extra in ({"new_orders": [{"bags": 1}]}, {"bags_delivered": 1}, {})
    ]

    assert [(result["status"], told_errors(result["errors"])) for result in results] == [
        ("refused", [("missed_already", None, "This stop was already missed.")])
    ] * 3


def test_an_invalid_report_does_not_affect_the_others(app: Caller, customer: Customer) -> None:
    good, theirs = StopFactory.create(customer=customer), StopFactory.create()
    reports = [
        {"stop": str(theirs.uuid), "outcome": "missed"},
        {"stop": str(good.uuid), "outcome": "missed"},
        {
            "stop": str(good.uuid),
            "outcome": "completed",
            "delivered_orders": [str(OrderFactory.create().uuid)],
        },
    ]

    results = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [result["status"] for result in results] == ["refused", "done", "refused"]
    assert told_errors(results[0]["errors"]) == [
        ("does_not_exist", "stop", "There is no stop with this id.")
    ]
    theirs.refresh_from_db()
    assert theirs.status == Stop.Status.PENDING


def test_stops_are_scheduled_and_filtered_by_day_and_route(pos: Caller, customer: Customer) -> None:
    route = AgentFactory.create(business=customer.business, route=True)
    today = customer.business.today().isoformat()
    created = pos.post(
        "stops", {"customer": str(customer.uuid), "scheduled_for": today, "route": str(route.uuid)}
    )
    assert created.status_code == 201, created.content
    StopFactory.create(
        customer=customer, scheduled_for=customer.business.today() + timedelta(days=1)
    )

    rows = pos.get("stops", day=today, route=str(route.uuid)).json()["results"]

    assert [row["id"] for row in rows] == [created.json()["id"]]


def test_a_stop_cannot_be_scheduled_for_a_past_day(pos: Caller, customer: Customer) -> None:
    response = pos.post("stops", {"customer": str(customer.uuid), "scheduled_for": "2020-01-01"})

    assert errors(response) == [
        ("past_date", "scheduled_for", "2020-01-01 has passed. Choose today or a later day.")
    ]
