"""Businesses, and their records that have a name, such as employees and brands."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import ProtectedError

from customers.models import Business, Discount
from customers.zones import known_zones
from tests.factories import (
    AgentFactory,
    BrandFactory,
    BusinessFactory,
    CustomerFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
    OrderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "PST8PDX", "", "america/los_angeles", "+03:00", "../etc/passwd"]
)
def test_an_unknown_time_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BusinessFactory.create(time_zone=name)
    assert caught.value.messages == [
        f"{name} is not a time zone. Choose one such as America/Los_Angeles."
    ]


def test_the_form_names_the_field_of_a_bad_time_zone() -> None:
    with pytest.raises(ValidationError) as caught:
        Business(name="First", time_zone="Mars/Olympus").full_clean()
    assert caught.value.message_dict == {
        "time_zone": ["Mars/Olympus is not a time zone. Choose one such as America/Los_Angeles."]
    }


def test_the_database_refuses_an_unknown_zone_too() -> None:
    business = BusinessFactory.create()
    with pytest.raises(DataError, match="Mars/Olympus"), transaction.atomic():
        Business.objects.filter(pk=business.pk).update(time_zone="Mars/Olympus")


def test_postgresql_knows_every_zone_that_python_knows() -> None:
    business = BusinessFactory.create()
    for name in sorted(known_zones()):
        Business.objects.filter(pk=business.pk).update(time_zone=name)


@pytest.mark.parametrize(
    ("time_zone", "at", "day"),
    [
        ("America/Los_Angeles", datetime(2026, 3, 2, 7, 59, tzinfo=UTC), date(2026, 3, 1)),
        ("America/Los_Angeles", datetime(2026, 3, 2, 8, 0, tzinfo=UTC), date(2026, 3, 2)),
        ("Pacific/Kiritimati", datetime(2026, 3, 1, 10, 0, tzinfo=UTC), date(2026, 3, 2)),
        # 23 hours long: clocks go from 23:59:59 on the 23rd to 01:00 on the 24th.
        ("Africa/Cairo", datetime(2026, 4, 23, 21, 59, 59, tzinfo=UTC), date(2026, 4, 23)),
        ("Africa/Cairo", datetime(2026, 4, 23, 22, 0, tzinfo=UTC), date(2026, 4, 24)),
        # In autumn the hour before midnight comes twice.
        ("Africa/Cairo", datetime(2026, 10, 29, 20, 30, tzinfo=UTC), date(2026, 10, 29)),
        ("Africa/Cairo", datetime(2026, 10, 29, 21, 30, tzinfo=UTC), date(2026, 10, 29)),
        ("Africa/Cairo", datetime(2026, 10, 29, 22, 0, tzinfo=UTC), date(2026, 10, 30)),
        ("Asia/Beirut", datetime(2026, 3, 28, 21, 59, 59, tzinfo=UTC), date(2026, 3, 28)),
        ("Asia/Beirut", datetime(2026, 3, 28, 22, 0, tzinfo=UTC), date(2026, 3, 29)),
    ],
)
def test_days_are_local_days_even_where_midnight_is_skipped(
    time_zone: str, at: datetime, day: date
) -> None:
    business = BusinessFactory.create(time_zone=time_zone)
    assert business.today(at) == day
    with time_machine.travel(at, tick=False):
        assert business.today() == day
        assert business.now().astimezone(UTC) == at
        assert business.now().tzinfo == ZoneInfo(time_zone)


@pytest.mark.parametrize("currency", ["XXX", "usd", "", "KWD"])
def test_an_unsupported_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Business(name="First", currency=currency).full_clean()
    assert list(caught.value.message_dict) == ["currency"]


@pytest.mark.parametrize(
    "factory", [BrandFactory, AgentFactory, DepartmentFactory, DiscountFactory]
)
def test_names_are_unique_only_within_a_business(factory: type[BrandFactory]) -> None:
    first = factory.create(name="Same")
    factory.create(name="Same")
    with pytest.raises(IntegrityError), transaction.atomic():
        factory.create(name="Same", business=first.business)


def test_two_employees_may_have_the_same_name() -> None:
    first = EmployeeFactory.create(name="Ann")
    EmployeeFactory.create(name="Ann", business=first.business)


@pytest.mark.parametrize(
    ("kind", "value"), [("PERCENT", "100.01"), ("PERCENT", "-1"), ("AMOUNT", "-0.01")]
)
def test_an_invalid_discount_is_refused(kind: Discount.Kind, value: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DiscountFactory.create(kind=kind, value=Decimal(value))


def test_a_record_that_others_refer_to_cannot_be_deleted() -> None:
    customer = CustomerFactory.create(full=True)
    order = OrderFactory.create(customer=customer)
    referred: list[Any] = [
        customer.business,
        customer.agent,
        customer.brand,
        customer.group,
        customer.discount,
        order.sold_by,
        customer,
    ]
    for record in referred:
        with pytest.raises(ProtectedError):
            record.delete()
