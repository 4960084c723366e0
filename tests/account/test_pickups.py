"""A customer has a van come by: on a day, not on that day, or regularly."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine

from customers.account.error_messages import full_date
from customers.models import Customer, PickupRequest, RegularPickupRequest
from events.models import Outgoing
from tests.account.conftest import Told, Visitor
from tests.factories import CustomerFactory, PickupRequestFactory, StopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrow(customer: Customer) -> date:
    return customer.business.today() + timedelta(days=1)


def test_a_pickup_that_the_customer_schedules_is_told_as_theirs(
    visitor: Visitor, told: Told, tomorrow: date
) -> None:
    page = visitor.fill_in("/account/pickups/new", pickup_date=tomorrow.isoformat())

    assert (page.path, page.status) == ("/account/", 200)
    assert f"Your pickup on {full_date(tomorrow)} is scheduled." in page.words
    assert told("Pickup Scheduled") == [
        {"scheduled_by": "Customer", "pickup_date": tomorrow.isoformat()}
    ]
    assert "is scheduled" not in visitor.open("/account/").words, "it is said once"


def test_a_button_that_is_pressed_twice_schedules_one_pickup_and_complains_of_nothing(
    visitor: Visitor, told: Told, tomorrow: date
) -> None:
    page = visitor.open("/account/pickups/new")
    form = page.form(having="pickup_date")

    answers = [visitor.send(page, form, pickup_date=tomorrow.isoformat()) for _ in range(2)]

    assert [answer.path for answer in answers] == ["/account/", "/account/"]
    assert "is scheduled." in answers[1].words
    assert len(told("Pickup Scheduled")) == 1


@pytest.mark.parametrize(
    ("days", "complaint"),
    [
        (-1, "That day has passed. Choose today or a later day."),
        (1, "You already have a pickup on that day."),
        (366, "Choose a day within the next twelve months."),
    ],
)
def test_why_a_day_cannot_be_is_said_at_the_field(
    visitor: Visitor, customer: Customer, days: int, complaint: str
) -> None:
    today = customer.business.today()
    PickupRequestFactory.create(customer=customer, pickup_date=today + timedelta(days=1))

    page = visitor.fill_in(
        "/account/pickups/new", pickup_date=(today + timedelta(days=days)).isoformat()
    )

    assert page.path == "/account/pickups/new"
    assert page.title.startswith("Error: ")
    assert page.words.count(complaint) == 2, "above the form and at the field"
    assert "#id_pickup_date" in page.links
    assert PickupRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("", "Choose a day."),
        ("soon", "Enter the day as year-month-day"),
        ("\x00", "Enter the day as year-month-day"),
    ],
)
def test_what_is_no_day_is_refused(visitor: Visitor, said: str, complaint: str) -> None:
    assert complaint in visitor.fill_in("/account/pickups/new", pickup_date=said).words
    assert not PickupRequest.objects.exists()


@pytest.mark.parametrize(
    ("at", "first"),
    [("2026-03-01T07:59:00Z", "2026-02-28"), ("2026-03-01T08:01:00Z", "2026-03-01")],
)
def test_days_are_the_business_s(visitor: Visitor, customer: Customer, at: str, first: str) -> None:
    with time_machine.travel(at, tick=False):
        visitor.come_in(customer)
        assert f'min="{first}"' in visitor.http.get("/account/pickups/new").content.decode()
        visitor.fill_in("/account/pickups/new", pickup_date=first)

    assert [pickup.pickup_date.isoformat() for pickup in PickupRequest.objects.all()] == [first]


def test_a_cancellation_is_asked_about_and_then_told_as_the_customer_s(
    visitor: Visitor, customer: Customer, told: Told
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    address = f"/account/pickups/{pickup.uuid}/cancel"

    assert address in visitor.open("/account/").links
    assert f"Cancel the pickup on {full_date(pickup.pickup_date)}?" in visitor.open(address).words
    assert told("Customer Canceled Pickup") == []

    page = visitor.fill_in(address)

    assert (
        page.path,
        f"Your pickup on {full_date(pickup.pickup_date)} is canceled." in page.words,
    ) == ("/account/", True)
    assert "No pickup is scheduled." in page.words
    assert told("Customer Canceled Pickup") == [
        {"canceled_via": "Website", "pickup_date": pickup.pickup_date.isoformat()}
    ]


def test_a_cancellation_in_two_tabs_is_one(
    visitor: Visitor, customer: Customer, told: Told
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    tabs = [visitor.open(f"/account/pickups/{pickup.uuid}/cancel") for _ in range(2)]

    answers = [visitor.send(tab, tab.form(having="account")) for tab in tabs]

    assert ["is canceled." in answer.words for answer in answers] == [True, True]
    assert len(told("Customer Canceled Pickup")) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "completed"}, "Our driver already came for this pickup."),
        ({"pickup_date": date(2020, 1, 1)}, "That day has passed."),
    ],
)
def test_what_can_no_longer_be_canceled_is_not(
    visitor: Visitor, customer: Customer, told: Told, changes: dict[str, object], said: str
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    tab = visitor.open(f"/account/pickups/{pickup.uuid}/cancel")
    PickupRequest.objects.filter(pk=pickup.pk).update(**changes)

    page = visitor.send(tab, tab.form(having="account"))

    assert (page.status, said in page.words) == (409, True)
    assert not any("account" in form for form in visitor.open(tab.path).forms), (
        "nothing to press any more"
    )
    assert told("Customer Canceled Pickup") == []


def test_another_customer_s_pickup_is_answered_as_if_there_were_none(
    visitor: Visitor, customer: Customer
) -> None:
    theirs = PickupRequestFactory.create(
        customer=CustomerFactory.create(business=customer.business)
    )
    own = PickupRequestFactory.create(customer=customer)
    form = visitor.open(f"/account/pickups/{own.uuid}/cancel").form(having="account")

    for method in (visitor.http.get, visitor.http.post):
        answers = [
            method(f"/account/pickups/{uuid}/cancel", form) for uuid in (theirs.uuid, uuid4())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content

    theirs.refresh_from_db()
    assert theirs.status == "scheduled"


def test_the_stops_of_a_regular_route_are_told_too_but_are_not_the_customer_s_to_cancel(
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


def test_whatever_a_customer_scheduled_can_be_found_and_canceled_however_many_stops_a_route_makes(
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


def test_who_gave_no_address_is_asked_for_it_before_a_van_looks_for_them(
    visitor: Visitor, customer: Customer
) -> None:
    ask = "We do not have your address yet."
    assert ask not in visitor.open("/account/pickups/new").words
    Customer.objects.filter(pk=customer.pk).update(street="")
    page = visitor.open("/account/pickups/new")
    assert (ask in page.words, page.links.count("/account/details")) == (True, 2)


def test_a_wish_for_regular_pickups_starts_from_the_customer_s_address(
    visitor: Visitor, customer: Customer, told: Told
) -> None:
    page = visitor.open("/account/regular")
    form = page.form(having="street")
    assert (form["street"], form["city"], form["postal_code"]) == (
        customer.street,
        "San Francisco",
        "94110",
    )

    answers = [visitor.send(page, form, street="1 Office Plaza") for _ in range(2)]

    assert ["You asked for regular pickups." in answer.words for answer in answers] == [True, True]
    address = {
        "street": "1 Office Plaza",
        "city": "San Francisco",
        "state": "CA",
        "postalCode": "94110",
        "country": "US",
    }
    assert told("Customer Requested Regular Pickups") == [{"address": address}]
    customer.refresh_from_db()
    assert (customer.delivery_preference, customer.street == "1 Office Plaza") == (
        "Route Approval Pending",
        False,
    )
    assert not any("street" in form for form in visitor.open("/account/regular").forms)


def test_a_wish_needs_a_place(visitor: Visitor) -> None:
    page = visitor.fill_in("/account/regular", street=" ", city="")

    assert [
        sentence in page.words for sentence in ("Enter your street and number.", "Enter your city.")
    ] == [True, True]
    assert not RegularPickupRequest.objects.exists()


def test_who_is_on_a_route_has_nothing_to_ask_for(visitor: Visitor, customer: Customer) -> None:
    tab = visitor.open("/account/regular")
    customer.set_delivery_preference(Customer.DeliveryPreference.ROUTE_REGULAR)
    Outgoing.objects.all().delete()

    page = visitor.send(tab, tab.form(having="street"))

    assert (page.status, "You already have regular pickups." in page.words) == (409, True)
    assert not any("street" in form for form in visitor.open("/account/regular").forms)
    assert (RegularPickupRequest.objects.count(), Outgoing.objects.count()) == (0, 0)
