"""Drivers' stops, reported at once or by a phone that was offline."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer, Order, Stop
from events.models import Integration, Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller
from tests.events.waiting import facts, names
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

    answer = app.post(f"stops/{stop.uuid}/complete", body)

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["status"], told["total_pickups"], told["total_deliveries"]) == ("completed", 1, 2)
    Delivery().run()
    (completed,) = [
        message for message in segment.accepted() if message.get("event") == "Pickup Completed"
    ]
    assert completed["properties"]["driver"] == "Dan Driver"
    assert (completed["properties"]["had_pickup"], completed["properties"]["total_deliveries"]) == (
        True,
        2,
    )


def test_a_stop_with_nothing_to_do_was_missed(app: Caller, customer: Customer) -> None:
    first, second = StopFactory.create_batch(2, customer=customer)

    assert app.post(f"stops/{first.uuid}/miss").json()["status"] == "missed"
    assert app.post(f"stops/{second.uuid}/complete").json()["status"] == "missed"


def test_an_order_given_back_at_the_door_makes_the_stop_a_delivery(
    app: Caller, customer: Customer, integration: Integration
) -> None:
    """Told of once, when the driver is done there."""
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
    found = facts("Pickup Completed")
    assert (found["had_pickup"], found["had_delivery"], found["total_deliveries"]) == (
        False,
        True,
        2,
    )
    assert facts("Customer Visit") == {"visit_type": "Driver"}


def test_a_stop_that_is_done_is_a_conflict_whatever_else_is_told_of_it(
    app: Caller, customer: Customer
) -> None:
    """No field of the call is at fault."""
    stop = StopFactory.create(customer=customer)
    bodies: list[dict[str, Any]] = [{"new_orders": [{"bags": 1}]}, {"bags_delivered": 1}, {}]

    first, *again = (app.post(f"stops/{stop.uuid}/complete", body) for body in [bodies[0], *bodies])

    assert first.status_code == 200
    assert [(answer.status_code, answer.json()["detail"]) for answer in again] == [
        (409, "This stop was completed already.")
    ] * 3
    assert Order.objects.count() == 1


def test_when_part_of_a_stop_is_refused_nothing_of_it_is_done(
    app: Caller, customer: Customer
) -> None:
    stop, theirs = (
        StopFactory.create(customer=customer),
        OrderFactory.create(customer=CustomerFactory.create(business=customer.business)),
    )
    body = {
        "new_orders": [{"items": [{"description": "Shirt", "price": "4.50"}]}],
        "delivered_orders": [str(theirs.uuid)],
    }

    answer = app.post(f"stops/{stop.uuid}/complete", body)

    assert (answer.status_code, list(answer.json())) == (400, ["delivered_orders"])
    stop.refresh_from_db()
    assert stop.status == Stop.Status.PENDING
    assert not Order.objects.filter(stop=stop).exists()


def test_a_phone_that_was_offline_tells_everything_in_any_order(
    app: Caller, customer: Customer, integration: Integration
) -> None:
    """The order that the first stop brings in is delivered at the last one, although the phone lists that one first."""
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

    answers = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [(answer["stop"], answer["status"]) for answer in answers] == [
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
    assert [answer["status"] for answer in again] == ["known"] * 3
    assert Order.objects.filter(stop=morning).count() == 1


def test_a_report_of_a_stop_that_ended_otherwise_is_no_repetition(
    app: Caller, customer: Customer
) -> None:
    """The counter took the stop for missed while the phone was offline: what the driver brought must not be lost unseen."""
    stop = StopFactory.create(customer=customer)
    app.post(f"stops/{stop.uuid}/miss")

    answers = [
        app.post(
            "stops/reports", {"reports": [{"stop": str(stop.uuid), "outcome": "completed"} | more]}
        ).json()["answers"][0]
        for more in ({"new_orders": [{"bags": 1}]}, {"bags_delivered": 1}, {})
    ]

    assert [(answer["status"], answer["detail"]) for answer in answers] == [
        ("refused", "This stop was missed already.")
    ] * 3


def test_one_bad_report_keeps_no_other_from_counting(app: Caller, customer: Customer) -> None:
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

    answers = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [answer["status"] for answer in answers] == ["refused", "done", "refused"]
    assert answers[0]["detail"] == "There is no stop with this id."
    theirs.refresh_from_db()
    assert theirs.status == Stop.Status.PENDING


def test_stops_are_scheduled_and_listed_by_day_and_route(pos: Caller, customer: Customer) -> None:
    route = AgentFactory.create(business=customer.business, route=True)
    today = customer.business.today().isoformat()
    made = pos.post(
        "stops", {"customer": str(customer.uuid), "scheduled_for": today, "route": str(route.uuid)}
    )
    assert made.status_code == 201, made.content
    StopFactory.create(
        customer=customer, scheduled_for=customer.business.today() + timedelta(days=1)
    )

    found = pos.get("stops", day=today, route=str(route.uuid)).json()["results"]

    assert [stop["id"] for stop in found] == [made.json()["id"]]


def test_a_day_that_has_passed_is_refused(pos: Caller, customer: Customer) -> None:
    answer = pos.post("stops", {"customer": str(customer.uuid), "scheduled_for": "2020-01-01"})

    assert answer.json() == {
        "scheduled_for": ["2020-01-01 has passed. Choose today or a later day."]
    }
