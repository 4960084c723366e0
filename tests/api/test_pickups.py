"""Pickup requests and regular pickup requests: the key decides who made them."""

from datetime import date, timedelta

import pytest

from customers.models import Customer
from events.models import Integration
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller, fields
from tests.factories import AgentFactory, EmployeeFactory, PickupRequestFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrow(customer: Customer) -> date:
    return customer.business.today() + timedelta(days=1)


@pytest.mark.parametrize(("client", "by"), [("pos", "Employee"), ("website", "Customer")])
def test_the_client_of_the_key_decides_scheduled_by(
    client: str,
    by: str,
    request: pytest.FixtureRequest,
    customer: Customer,
    integration: Integration,
    segment: SegmentStandIn,
    tomorrow: date,
) -> None:
    caller: Caller = request.getfixturevalue(client)

    response = caller.post(
        "pickup-requests", {"customer": str(customer.uuid), "pickup_date": tomorrow.isoformat()}
    )

    assert (response.status_code, response.json()["scheduled_by"]) == (201, by)
    Delivery().run()
    (scheduled,) = [
        message for message in segment.accepted() if message.get("event") == "Pickup Scheduled"
    ]
    assert scheduled["properties"] == {"scheduled_by": by, "pickup_date": tomorrow.isoformat()}


@pytest.mark.parametrize(
    ("client", "via", "count"), [("pos", "Employee", 0), ("website", "Website", 1)]
)
def test_only_a_cancellation_by_the_customer_is_an_event(
    client: str,
    via: str,
    count: int,
    request: pytest.FixtureRequest,
    customer: Customer,
    integration: Integration,
    segment: SegmentStandIn,
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    caller: Caller = request.getfixturevalue(client)

    response = caller.post(f"pickup-requests/{pickup.uuid}/cancel")

    assert (response.json()["status"], response.json()["canceled_via"]) == ("canceled", via)
    Delivery().run()
    assert (
        sum(message.get("event") == "Customer Canceled Pickup" for message in segment.accepted())
        == count
    )
    assert caller.post(f"pickup-requests/{pickup.uuid}/cancel").status_code == 409


def test_pickup_requests_are_filtered_by_day_and_route(
    pos: Caller, customer: Customer, tomorrow: date
) -> None:
    route = AgentFactory.create(business=customer.business, route=True)
    customer.agent = route
    customer.save(update_fields=["agent"])
    pickup = PickupRequestFactory.create(customer=customer, pickup_date=tomorrow)
    PickupRequestFactory.create(customer=customer, pickup_date=tomorrow + timedelta(days=1))

    rows = pos.get("pickup-requests", day=tomorrow.isoformat(), route=str(route.uuid)).json()[
        "results"
    ]

    assert [row["id"] for row in rows] == [str(pickup.uuid)]
    assert (
        pos.get("pickup-requests", day=tomorrow.isoformat(), route=pickup.uuid).json()["results"]
        == []
    )


def test_a_regular_pickup_request_is_sent_and_decided(
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
    created = website.post(
        "regular-pickup-requests", {"customer": str(customer.uuid), "address": address}
    )
    assert (created.status_code, created.json()["address"]) == (201, address)

    assert (
        website.post(f"regular-pickup-requests/{created.json()['id']}/approve").status_code == 403
    )
    assert (
        pos.post(f"regular-pickup-requests/{created.json()['id']}/approve").json()["status"]
        == "approved"
    )
    assert pos.get(f"customers/{customer.uuid}").json()["delivery_preference"] == "Route Regular"
    assert pos.post(f"regular-pickup-requests/{created.json()['id']}/decline").status_code == 409
    Delivery().run()
    (event,) = [
        message
        for message in segment.accepted()
        if message.get("event") == "Customer Requested Regular Pickups"
    ]
    assert event["properties"]["address"]["postalCode"] == "94601"


def test_a_website_key_cannot_name_an_employee(
    website: Caller, customer: Customer, tomorrow: date
) -> None:
    clerk = EmployeeFactory.create(business=customer.business)
    body = {
        "customer": str(customer.uuid),
        "pickup_date": tomorrow.isoformat(),
        "employee": str(clerk.uuid),
    }

    response = website.post("pickup-requests", body)

    assert (response.status_code, fields(response)) == (400, ["employee"])
