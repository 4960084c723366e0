"""The planner chooses the customers who get a text tonight, each of them once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.budget import Budget
from customers.models import Business, Customer, NightlyText, PickupRequest, TextSettings
from customers.texts import nightly
from customers.texts.plan_texts import plan_texts
from tests.factories import (
    BusinessFactory,
    CustomerFactory,
    PickupRequestFactory,
    TextSettingsFactory,
)
from tests.texts.conftest import NUMBER, statuses
from tests.twilio import TwilioStandIn

pytestmark = pytest.mark.django_db


def planned() -> int:
    return plan_texts(timezone.now())


def test_a_pickup_tomorrow_is_planned_once(pickup: PickupRequest) -> None:
    assert (planned(), planned()) == (1, 0)
    text = NightlyText.objects.get()
    assert (text.pickup, text.customer, text.business, text.status) == (
        pickup,
        pickup.customer,
        pickup.business,
        "waiting",
    )
    assert (text.pickup_date, text.until) == (
        date(2026, 11, 24),
        datetime(2026, 11, 24, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize("days", [0, 2, 7])
def test_no_other_day_is_planned(customer: Customer, texting: TextSettings, days: int) -> None:
    PickupRequestFactory.create(
        customer=customer, pickup_date=texting.business.today() + timedelta(days=days)
    )
    assert planned() == 0
    assert not NightlyText.objects.exists()


@pytest.mark.parametrize("status", ["canceled", "completed"])
def test_a_canceled_or_completed_pickup_is_not_planned(pickup: PickupRequest, status: str) -> None:
    PickupRequest.objects.filter(pk=pickup.pk).update(status=status)
    assert planned() == 0


@pytest.mark.parametrize("change", [{"receive_texts": False}, {"phone": ""}])
def test_customers_who_opted_out_or_have_no_phone_are_not_planned(
    pickup: PickupRequest, change: dict[str, Any]
) -> None:
    Customer.objects.filter(pk=pickup.customer_id).update(**change)
    assert planned() == 0


@pytest.mark.parametrize("change", [{"enabled": False}, {"number": ""}, {"hour": 19}])
def test_a_business_that_is_off_without_a_number_or_not_yet_due_is_not_planned(
    pickup: PickupRequest, texting: TextSettings, change: dict[str, Any]
) -> None:
    TextSettings.objects.filter(pk=texting.pk).update(**change)
    assert planned() == 0


def test_each_business_has_its_own_time_zone_and_hour(
    pickup: PickupRequest, clock: time_machine.Traveller
) -> None:
    berlin = BusinessFactory.create(time_zone="Europe/Berlin", country="DE")
    TextSettingsFactory.create(business=berlin, hour=20)
    there = PickupRequestFactory.create(
        customer=CustomerFactory.create(business=berlin, phone="+4915112345678"),
        pickup_date=date(2026, 11, 25),
    )
    assert planned() == 1
    clock.move_to(datetime(2026, 11, 24, 18, 59, tzinfo=UTC))
    assert planned() == 0
    clock.move_to(datetime(2026, 11, 24, 19, tzinfo=UTC))
    assert planned() == 1
    assert list(NightlyText.objects.order_by("id").values_list("pickup", flat=True)) == [
        pickup.pk,
        there.pk,
    ]


def test_missed_runs_are_made_up_for_until_nine(
    pickup: PickupRequest, clock: time_machine.Traveller, twilio: TwilioStandIn
) -> None:
    clock.move_to(datetime(2026, 11, 24, 5, 0, tzinfo=UTC))  # nine o'clock
    assert nightly.run() == {}
    clock.move_to(datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC))
    assert nightly.run() == {"sent": 1}
    assert len(twilio.texts()) == 1


def test_a_pickup_that_is_scheduled_later_that_evening_gets_its_text(
    pickup: PickupRequest, business: Business, clock: time_machine.Traveller
) -> None:
    assert planned() == 1
    clock.shift(timedelta(hours=1))
    PickupRequestFactory.create(customer=CustomerFactory.create(business=business))
    assert planned() == 1


def test_a_pickup_that_is_canceled_and_scheduled_again_gets_no_second_text(
    pickup: PickupRequest,
) -> None:
    assert planned() == 1
    pickup.cancel(via="Employee")
    PickupRequest.schedule(pickup.customer, pickup.pickup_date)
    assert planned() == 0
    assert NightlyText.objects.count() == 1


def test_planning_takes_as_many_queries_for_any_number_of_rows(
    texting: TextSettings, business: Business
) -> None:
    for customer in CustomerFactory.create_batch(20, business=business):
        PickupRequestFactory.create(customer=customer)
    for number in range(5):
        other = TextSettingsFactory.create(number=f"+1415555{160 + number:04}").business
        PickupRequestFactory.create(customer=CustomerFactory.create(business=other))
    with CaptureQueriesContext(connection) as queries:
        assert planned() == 25
    assert [query["sql"].split()[0] for query in queries] == [
        "SELECT",
        "SAVEPOINT",
        "SELECT",
        "WITH",
        "UPDATE",
        # The settings are reset, as this test's transaction goes on.
        "SELECT",
        "RELEASE",
    ]


def test_a_piece_looks_through_the_pickups_once_a_minute(
    pickup: PickupRequest, business: Business, clock: time_machine.Traveller
) -> None:
    def planned_by_piece() -> int:
        return plan_texts(timezone.now(), Budget(60))

    assert planned_by_piece() == 1
    PickupRequestFactory.create(customer=CustomerFactory.create(business=business))
    clock.shift(timedelta(seconds=40))
    assert planned_by_piece() == 0
    clock.shift(timedelta(seconds=20))
    assert planned_by_piece() == 1
    # The database's clock was ahead when it was planned, and is right again.
    PickupRequestFactory.create(customer=CustomerFactory.create(business=business))
    clock.shift(timedelta(minutes=-5))
    assert planned_by_piece() == 1


@pytest.mark.parametrize(
    ("country", "phone", "stated", "sent"),
    [
        ("US", "+14155550111", None, True),  # only a reply shows whether it is a mobile
        ("US", "+14155550111", True, True),
        ("US", "+14155550111", False, False),
        ("DE", "+4915112345678", None, True),
        ("DE", "+493012345678", None, False),
        ("DE", "+493012345678", True, True),
    ],
)
def test_landlines_get_no_text(
    twilio: TwilioStandIn,
    pickup: PickupRequest,
    country: str,
    phone: str,
    stated: bool | None,
    sent: bool,
) -> None:
    Business.objects.update(country=country)
    Customer.objects.update(phone=phone, phone_is_mobile=stated)
    nightly.run()
    assert [(text.to, text.sender) for text in twilio.texts()] == (
        [(phone, NUMBER)] if sent else []
    )
    assert statuses() == [("sent", "") if sent else ("skipped", "no_mobile")]
