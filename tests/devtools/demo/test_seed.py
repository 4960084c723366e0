"""The demo at its first start. Later starts do not change it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from customers import access
from customers.models import (
    Brand,
    Business,
    Customer,
    CustomFieldValue,
    Order,
    PickupRequest,
    Visit,
)
from devtools.demo.businesses import BUSINESSES
from devtools.demo.logins import create_logins, password
from devtools.demo.past_records import NEARLY_LOST
from devtools.demo.seed import seed
from events.models import Celebration, Integration, Outgoing
from events.sweeps import birthdays, lost
from tests.factories import BusinessFactory

ON = ("Golden Gate Cleaners", "Reinigung Möwe")
OFF = "Harbour Dry Cleaning"
# Reserved for films and books by the authorities of each country.
FREE_NUMBERS = re.compile(
    r"\+1\d{3}55501\d\d|\+493023125\d{3}|\+4917139200\d\d|\+49176040690\d\d|\+6125550\d{4}"
)

# An ordinary day, a leap day, New Year in Sydney only, and the hour that Los Angeles skips.
DAYS = ("2026-11-24T03:00", "2028-02-29T12:00", "2026-12-31T14:00", "2027-03-14T10:30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_there_are_three_businesses_in_three_zones(businesses: Mapping[str, Business]) -> None:
    assert {
        name: (business.time_zone, business.country, business.currency)
        for name, business in businesses.items()
    } == {
        "Golden Gate Cleaners": ("America/Los_Angeles", "US", "USD"),
        "Reinigung Möwe": ("Europe/Berlin", "DE", "EUR"),
        "Harbour Dry Cleaning": ("Australia/Sydney", "AU", "AUD"),
    }
    assert Brand.objects.filter(business=businesses["Golden Gate Cleaners"]).count() == 3


def test_one_business_is_in_the_eu_region_and_one_is_switched_off(
    businesses: Mapping[str, Business],
) -> None:
    rows = Integration.objects.values_list("business__name", "region", "enabled")
    assert set(rows) == {
        ("Golden Gate Cleaners", "us", True),
        ("Reinigung Möwe", "eu", True),
        ("Harbour Dry Cleaning", "us", False),
    }
    for integration in Integration.objects.all():
        integration.full_clean()


def test_nothing_of_the_past_is_sent(businesses: Mapping[str, Business]) -> None:
    assert Order.objects.count() == 123
    assert Outgoing.objects.count() == 0


@pytest.mark.parametrize("name", [*ON, OFF])
def test_customers_have_some_of_their_details(
    businesses: Mapping[str, Business], name: str
) -> None:
    customers = Customer.objects.filter(business=businesses[name])
    assert customers.count() == 41
    for field in ("first_name", "email", "phone", "street"):
        assert 0 < customers.filter(**{field: ""}).count() < 21, field
    assert customers.filter(kind="CORPORATE", company_name="Grand Example Hotel").count() == 1
    assert customers.filter(master__company_name="Grand Example Hotel").count() == 2
    assert not all(customer.name.isascii() for customer in customers)
    assert set(customers.values_list("demographic", flat=True)) == {1, 2, 3, 4, 5}
    for customer in customers:
        customer.full_clean()


def test_every_address_and_number_is_made_up(businesses: Mapping[str, Business]) -> None:
    assert all(
        customer.email.endswith("@example.com") for customer in Customer.objects.exclude(email="")
    )
    assert [
        customer.phone
        for customer in Customer.objects.exclude(phone="")
        if not FREE_NUMBERS.fullmatch(customer.phone)
    ] == []


@pytest.mark.django_db
@pytest.mark.parametrize("day", DAYS)
def test_on_any_day_customers_are_lost_and_have_a_birthday(
    day: str,
) -> None:
    with time_machine.travel(at(day), tick=False):
        seed()
        assert lost.sweep(timezone.now()) == 4
        assert birthdays.sweep(timezone.now()) == 2
    events = Outgoing.objects.order_by("event", "business__name").values_list(
        "event", "business__name"
    )
    assert list(events) == [
        *[("Customer Birthday", name) for name in ON],
        *[("Customer Lost", name) for name in ON for _ in range(2)],
    ]


@pytest.mark.django_db
def test_customers_are_lost_and_have_a_birthday_on_each_of_the_next_days() -> None:
    with time_machine.travel(at(DAYS[0]), tick=False):
        seed()
    for days in range(1, max(days for days, _ in NEARLY_LOST)):
        Outgoing.objects.all().delete()
        now = at(DAYS[0]) + timedelta(days=days)
        lost.sweep(now)
        birthdays.sweep(now)
        assert set(Outgoing.objects.values_list("event", "business__name")) == {
            (event, name) for event in ("Customer Lost", "Customer Birthday") for name in ON
        }, days


@pytest.mark.django_db
def test_a_second_start_changes_nothing_and_prints_each_business() -> None:
    seed()
    Business.objects.filter(name="Golden Gate Cleaners").update(name="Bridge Cleaners")
    Integration.objects.filter(business__name="Reinigung Möwe").update(enabled=False)
    before = rows()
    assert seed() == [
        "Bridge Cleaners (America/Los_Angeles): sends to Segment, United States",
        "Reinigung Möwe (Europe/Berlin): switched off, so nothing is sent",
        "Harbour Dry Cleaning (Australia/Sydney): switched off, so nothing is sent",
    ]
    assert rows() == before


def rows() -> dict[type[Model], list[tuple[object, ...]]]:
    models = (
        Business,
        Brand,
        Customer,
        Order,
        Visit,
        PickupRequest,
        CustomFieldValue,
        Integration,
        Celebration,
    )
    return {model: list(model._default_manager.order_by("pk").values_list()) for model in models}


NAMES = ("owner", "helper", "admin")


@pytest.mark.django_db
def test_the_logins_work_and_stay_the_same() -> None:
    BusinessFactory.create(name=BUSINESSES[0].name)
    first = create_logins()
    for name, sentence in zip(NAMES, first, strict=True):
        of = "" if name == "admin" else " of Golden Gate Cleaners"
        assert re.fullmatch(
            rf"Log in as {name}{of} with the password [0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}",
            sentence,
        )
        assert User.objects.get(username=name).check_password(password(name))
    assert create_logins() == first
    assert len({password(name) for name in NAMES}) == 3


@pytest.mark.django_db
def test_the_logins_have_their_roles() -> None:
    golden_gate = BusinessFactory.create(name=BUSINESSES[0].name)
    BusinessFactory.create(name=BUSINESSES[1].name)
    create_logins()
    assert list(User.objects.order_by("username").values_list("username", "is_superuser")) == [
        ("admin", True),
        ("helper", False),
        ("owner", False),
    ]
    assert list(access.managed_by(User.objects.get(username="owner"))) == [golden_gate]
    helper = User.objects.get(username="helper")
    assert (list(access.businesses_of(helper)), list(access.managed_by(helper))) == (
        [golden_gate],
        [],
    )


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_a_changed_password_is_kept(name: str) -> None:
    BusinessFactory.create(name=BUSINESSES[0].name)
    create_logins()
    user = User.objects.get(username=name)
    user.set_password("my own")
    user.save()
    (sentence,) = (one for one in create_logins() if f" {name} " in one)
    assert sentence.endswith(" with the password that was set for it.")
    assert User.objects.get(username=name).check_password("my own")


def test_each_installation_has_passwords_of_its_own(settings: Settings) -> None:
    ours = password("owner")
    settings.SECRET_KEY = "another installation's"
    assert password("owner") != ours
