"""Pickups that somebody asked for, and wishes to join a route: who asked is told by the key."""

from datetime import date, timedelta

import pytest

from customers.models import Customer
from events.models import Integration
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller
from tests.factories import AgentFactory, EmployeeFactory, PickupRequestFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrow(customer: Customer) -> date:
    return customer.business.today() + timedelta(days=1)


@pytest.mark.parametrize(("client", "by"), [("pos", "Employee"), ("website", "Customer")])
def test_the_kind_of_key_decides_who_scheduled_it(
    client: str,
    by: str,
    request: pytest.FixtureRequest,
    customer: Customer,
    integration: Integration,
    segment: SegmentStandIn,
    tomorrow: date,
) -> None:
    caller: Caller = request.getfixturevalue(client)

    answer = caller.post(
        "pickup-requests", {"customer": str(customer.uuid), "pickup_date": tomorrow.isoformat()}
    )

    assert (answer.status_code, answer.json()["scheduled_by"]) == (201, by)
    Delivery().run()
    (scheduled,) = [
        message for message in segment.accepted() if message.get("event") == "Pickup Scheduled"
    ]
    assert scheduled["properties"] == {"scheduled_by": by, "pickup_date": tomorrow.isoformat()}


@pytest.mark.parametrize(
    ("client", "via", "told"), [("pos", "Employee", 0), ("website", "Website", 1)]
)
def test_only_the_customers_own_cancellation_is_an_event(
    client: str,
    via: str,
    told: int,
    request: pytest.FixtureRequest,
    customer: Customer,
    integration: Integration,
    segment: SegmentStandIn,
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    caller: Caller = request.getfixturevalue(client)

    answer = caller.post(f"pickup-requests/{pickup.uuid}/cancel")

    assert (answer.json()["status"], answer.json()["canceled_via"]) == ("canceled", via)
    Delivery().run()
    assert (
        sum(message.get("event") == "Customer Canceled Pickup" for message in segment.accepted())
        == told
    )
    assert caller.post(f"pickup-requests/{pickup.uuid}/cancel").status_code == 409


def test_they_are_listed_by_day_and_route(pos: Caller, customer: Customer, tomorrow: date) -> None:
    route = AgentFactory.create(business=customer.business, route=True)
    customer.agent = route
    customer.save(update_fields=["agent"])
    made = PickupRequestFactory.create(customer=customer, pickup_date=tomorrow)
    PickupRequestFactory.create(customer=customer, pickup_date=tomorrow + timedelta(days=1))

    found = pos.get("pickup-requests", day=tomorrow.isoformat(), route=str(route.uuid)).json()[
        "results"
    ]

    assert [pickup["id"] for pickup in found] == [str(made.uuid)]
    assert (
        pos.get("pickup-requests", day=tomorrow.isoformat(), route=made.uuid).json()["results"]
        == []
    )


def test_a_wish_for_a_regular_route_is_told_and_decided(
    website: Caller,
    pos: Caller,
    customer: Customer,
    integration: Integration,
    segment: SegmentStandIn,
) -> None:
    address = {
        "street": "5 Elm Street",
        "city": "Oakland",
        "state": "CA",
        "postal_code": "94601",
        "country": "US",
    }
    refused = pos.post("regular-pickup-requests", {"customer": str(customer.uuid)})
    assert refused.status_code == 403
    wish = website.post(
        "regular-pickup-requests", {"customer": str(customer.uuid), "address": address}
    )
    assert (wish.status_code, wish.json()["address"]) == (201, address)

    assert website.post(f"regular-pickup-requests/{wish.json()['id']}/approve").status_code == 403
    assert (
        pos.post(f"regular-pickup-requests/{wish.json()['id']}/approve").json()["status"]
        == "approved"
    )
    assert pos.get(f"customers/{customer.uuid}").json()["delivery_preference"] == "Route Regular"
    assert pos.post(f"regular-pickup-requests/{wish.json()['id']}/decline").status_code == 409
    Delivery().run()
    (told,) = [
        message
        for message in segment.accepted()
        if message.get("event") == "Customer Requested Regular Pickups"
    ]
    assert told["properties"]["address"]["postalCode"] == "94601"


def test_customers_who_schedule_it_themselves_do_it_without_an_employee(
    website: Caller, customer: Customer, tomorrow: date
) -> None:
    clerk = EmployeeFactory.create(business=customer.business)
    body = {
        "customer": str(customer.uuid),
        "pickup_date": tomorrow.isoformat(),
        "employee": str(clerk.uuid),
    }

    answer = website.post("pickup-requests", body)

    assert (answer.status_code, list(answer.json())) == (400, ["employee"])
