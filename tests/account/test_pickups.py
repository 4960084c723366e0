"""Customers schedule a pickup, cancel it, and ask for regular pickups."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine

from customers.account.error_messages import full_date
from customers.models import Customer, PickupRequest, RegularPickupRequest
from events.models import Outgoing
from tests.account.conftest import DeliveredProperties, Visitor
from tests.factories import CustomerFactory, PickupRequestFactory, StopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrow(customer: Customer) -> date:
    return customer.business.today() + timedelta(days=1)


def test_a_pickup_scheduled_by_the_customer_reaches_segment_as_theirs(
    visitor: Visitor, delivered: DeliveredProperties, tomorrow: date
) -> None:
    page = visitor.fill_in("/account/pickups/new", pickup_date=tomorrow.isoformat())

    assert (page.path, page.status) == ("/account/", 200)
    assert f"Your pickup on {full_date(tomorrow)} is scheduled." in page.words
    assert delivered("Pickup Scheduled") == [
        {"scheduled_by": "Customer", "pickup_date": tomorrow.isoformat()}
    ]
    assert "is scheduled" not in visitor.open("/account/").words, "the notice is shown once"


def test_pressing_the_button_twice_schedules_one_pickup_without_an_error(
    visitor: Visitor, delivered: DeliveredProperties, tomorrow: date
) -> None:
    page = visitor.open("/account/pickups/new")
    form = page.form(with_field="pickup_date")

    responses = [visitor.send(page, form, pickup_date=tomorrow.isoformat()) for _ in range(2)]

    assert [response.path for response in responses] == ["/account/", "/account/"]
    assert "is scheduled." in responses[1].words
    assert len(delivered("Pickup Scheduled")) == 1


@pytest.mark.parametrize(
    ("days", "error"),
    [
        (-1, "That day has passed. Choose today or a later day."),
        (1, "You already have a pickup on that day."),
        (366, "Choose a day within the next twelve months."),
    ],
)
def test_a_refused_day_shows_why_at_the_field(
    visitor: Visitor, customer: Customer, days: int, error: str
) -> None:
    today = customer.business.today()
    PickupRequestFactory.create(customer=customer, pickup_date=today + timedelta(days=1))

    page = visitor.fill_in(
        "/account/pickups/new", pickup_date=(today + timedelta(days=days)).isoformat()
    )

    assert page.path == "/account/pickups/new"
    assert page.title.startswith("Error: ")
    assert page.words.count(error) == 2, "above the form and at the field"
    assert "#id_pickup_date" in page.links
    assert PickupRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        ("", "Choose a day."),
        ("soon", "Enter the day as year-month-day"),
        ("\x00", "Enter the day as year-month-day"),
    ],
)
def test_text_that_is_not_a_day_is_refused(visitor: Visitor, entered: str, error: str) -> None:
    assert error in visitor.fill_in("/account/pickups/new", pickup_date=entered).words
    assert not PickupRequest.objects.exists()


@pytest.mark.parametrize(
    ("at", "first"),
    [("2026-03-01T07:59:00Z", "2026-02-28"), ("2026-03-01T08:01:00Z", "2026-03-01")],
)
def test_days_are_in_the_business_s_time_zone(
    visitor: Visitor, customer: Customer, at: str, first: str
) -> None:
    with time_machine.travel(at, tick=False):
        visitor.log_in(customer)
        assert f'min="{first}"' in visitor.http.get("/account/pickups/new").content.decode()
        visitor.fill_in("/account/pickups/new", pickup_date=first)

    assert [pickup.pickup_date.isoformat() for pickup in PickupRequest.objects.all()] == [first]


def test_a_cancellation_is_confirmed_first_and_reaches_segment_as_the_customer_s(
    visitor: Visitor, customer: Customer, delivered: DeliveredProperties
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    address = f"/account/pickups/{pickup.uuid}/cancel"

    assert address in visitor.open("/account/").links
    assert f"Cancel the pickup on {full_date(pickup.pickup_date)}?" in visitor.open(address).words
    assert delivered("Customer Canceled Pickup") == []

    page = visitor.fill_in(address)

    assert (
        page.path,
        f"Your pickup on {full_date(pickup.pickup_date)} is canceled." in page.words,
    ) == ("/account/", True)
    assert "No pickup is scheduled." in page.words
    assert delivered("Customer Canceled Pickup") == [
        {"canceled_via": "Website", "pickup_date": pickup.pickup_date.isoformat()}
    ]


def test_canceling_in_two_tabs_cancels_once(
    visitor: Visitor, customer: Customer, delivered: DeliveredProperties
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    tabs = [visitor.open(f"/account/pickups/{pickup.uuid}/cancel") for _ in range(2)]

    responses = [visitor.send(tab, tab.form(with_field="account")) for tab in tabs]

    assert ["is canceled." in response.words for response in responses] == [True, True]
    assert len(delivered("Customer Canceled Pickup")) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "completed"}, "Our driver already came for this pickup."),
        ({"pickup_date": date(2020, 1, 1)}, "That day has passed."),
    ],
)
def test_a_past_or_completed_pickup_cannot_be_canceled(
    visitor: Visitor,
    customer: Customer,
    delivered: DeliveredProperties,
    changes: dict[str, object],
    sentence: str,
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    tab = visitor.open(f"/account/pickups/{pickup.uuid}/cancel")
    PickupRequest.objects.filter(pk=pickup.pk).update(**changes)

    page = visitor.send(tab, tab.form(with_field="account"))

    assert (page.status, sentence in page.words) == (409, True)
    assert not any("account" in form for form in visitor.open(tab.path).forms), "no button any more"
    assert delivered("Customer Canceled Pickup") == []


def test_another_customer_s_pickup_is_not_found(visitor: Visitor, customer: Customer) -> None:
    theirs = PickupRequestFactory.create(
        customer=CustomerFactory.create(business=customer.business)
    )
    own = PickupRequestFactory.create(customer=customer)
    form = visitor.open(f"/account/pickups/{own.uuid}/cancel").form(with_field="account")

    for method in (visitor.http.get, visitor.http.post):
        responses = [
            method(f"/account/pickups/{uuid}/cancel", form) for uuid in (theirs.uuid, uuid4())
        ]
        assert [response.status_code for response in responses] == [404, 404]
        assert responses[0].content == responses[1].content

    theirs.refresh_from_db()
    assert theirs.status == "scheduled"


def test_regular_stops_are_listed_but_cannot_be_canceled(
    visitor: Visitor, customer: Customer
) -> None:
    today = customer.business.today()
    for days in (1, 2):
        StopFactory.create(customer=customer, scheduled_for=today + timedelta(days=days))
    StopFactory.create(customer=customer, scheduled_for=today, status="completed")
    pickup = PickupRequestFactory.create(customer=customer, pickup_date=today + timedelta(days=2))

    page = visitor.open("/account/")

    assert page.words.count("Your regular pickup") == 1
    assert page.words.index(full_date(today + timedelta(days=1))) < page.words.index(
        full_date(today + timedelta(days=2))
    )
    assert full_date(today) not in page.words.replace(full_date(today + timedelta(days=1)), "")
    assert [link for link in page.links if link.endswith("/cancel")] == [
        f"/account/pickups/{pickup.uuid}/cancel"
    ]


def test_all_scheduled_pickups_are_listed_among_many_regular_stops(
    visitor: Visitor, customer: Customer
) -> None:
    today = customer.business.today()
    for days in range(1, 13):
        StopFactory.create(customer=customer, scheduled_for=today + timedelta(days=days))
    pickups = [
        PickupRequestFactory.create(
            customer=customer, pickup_date=today + timedelta(days=20 + days)
        )
        for days in range(12)
    ]

    page = visitor.open("/account/")

    assert [link for link in page.links if link.endswith("/cancel")] == [
        f"/account/pickups/{pickup.uuid}/cancel" for pickup in pickups
    ]
    assert page.words.count("Your regular pickup") == 10
    assert "Next pickups " in page.words


@pytest.mark.parametrize("missing", [{"street": ""}, {"city": "", "postal_code": ""}])
def test_a_customer_without_an_address_is_asked_for_it_first(
    visitor: Visitor,
    customer: Customer,
    delivered: DeliveredProperties,
    tomorrow: date,
    missing: dict[str, str],
) -> None:
    question = "We do not have your address yet."
    page = visitor.open("/account/pickups/new")
    assert question not in page.words
    Customer.objects.filter(pk=customer.pk).update(**missing)

    stale = visitor.send(
        page, page.form(with_field="pickup_date"), pickup_date=tomorrow.isoformat()
    )
    assert question in stale.words
    assert "is scheduled" not in stale.words
    assert not PickupRequest.objects.exists()
    form = stale.form(with_field="street")
    assert form["pickup_date"] == tomorrow.isoformat()

    done = visitor.send(stale, form, street="1 Office Plaza", city="Oakland")
    assert f"Your pickup on {full_date(tomorrow)} is scheduled." in done.words
    customer.refresh_from_db()
    assert (customer.street, customer.city, customer.country) == (
        "1 Office Plaza",
        "Oakland",
        "US",
    )
    assert len(delivered("Pickup Scheduled")) == 1


def test_the_form_for_regular_pickups_starts_with_the_customer_s_address(
    visitor: Visitor, customer: Customer, delivered: DeliveredProperties
) -> None:
    page = visitor.open("/account/regular")
    form = page.form(with_field="street")
    assert (form["street"], form["city"], form["postal_code"]) == (
        customer.street,
        "San Francisco",
        "94110",
    )

    responses = [visitor.send(page, form, street="1 Office Plaza") for _ in range(2)]

    assert ["You asked for regular pickups." in response.words for response in responses] == [
        True,
        True,
    ]
    address = {
        "street": "1 Office Plaza",
        "city": "San Francisco",
        "state": "CA",
        "postalCode": "94110",
        "country": "US",
    }
    assert delivered("Customer Requested Regular Pickups") == [{"address": address}]
    customer.refresh_from_db()
    assert (customer.delivery_preference, customer.street == "1 Office Plaza") == (
        "Route Approval Pending",
        False,
    )
    assert not any("street" in form for form in visitor.open("/account/regular").forms)


def test_regular_pickups_need_a_street_and_city(visitor: Visitor) -> None:
    page = visitor.fill_in("/account/regular", street=" ", city="")

    assert [
        sentence in page.words for sentence in ("Enter your street and number.", "Enter your city.")
    ] == [True, True]
    assert not RegularPickupRequest.objects.exists()


def test_a_customer_on_a_route_cannot_ask_for_regular_pickups(
    visitor: Visitor, customer: Customer
) -> None:
    tab = visitor.open("/account/regular")
    customer.set_delivery_preference(Customer.DeliveryPreference.ROUTE_REGULAR)
    Outgoing.objects.all().delete()

    page = visitor.send(tab, tab.form(with_field="street"))

    assert (page.status, "You already have regular pickups." in page.words) == (409, True)
    assert not any("street" in form for form in visitor.open("/account/regular").forms)
    assert (RegularPickupRequest.objects.count(), Outgoing.objects.count()) == (0, 0)
