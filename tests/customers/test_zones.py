"""Names of time zones: old ones are translated, and unknown ones refused with what to do."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from customers.database_zones import database_zones
from customers.models import Business, Membership
from customers.zone_forms import zone_choices
from customers.zones import canonical_zone, current_zones
from tests.admin.conftest import logged_in, member
from tests.factories import BusinessFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("US/Pacific", "America/Los_Angeles"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("Zulu", "UTC"),
        ("Etc/UTC", "UTC"),
        # a link in IANA's tables, but the name of a country's zone
        ("Europe/Stockholm", "Europe/Stockholm"),
        ("America/New_York", "America/New_York"),
        ("Mars/Olympus", "Mars/Olympus"),
    ],
)
def test_an_old_name_is_translated(name: str, canonical: str) -> None:
    assert canonical_zone(name) == canonical


def test_a_business_is_stored_under_the_current_name() -> None:
    business = BusinessFactory.create(time_zone="US/Pacific")
    business.refresh_from_db()
    assert business.time_zone == "America/Los_Angeles"


def test_a_form_translates_before_it_checks() -> None:
    business = Business(name="First", time_zone="US/Eastern")
    business.full_clean()
    assert business.time_zone == "America/New_York"


def test_the_migration_renames_stored_zones() -> None:
    old, new = BusinessFactory.create(), BusinessFactory.create(time_zone="Europe/Berlin")
    Business.objects.filter(pk=old.pk).update(time_zone="US/Hawaii")
    importlib.import_module("customers.migrations.0005_current_zone_names").rename(apps, None)
    assert set(Business.objects.values_list("pk", "time_zone")) == {
        (old.pk, "Pacific/Honolulu"),
        (new.pk, "Europe/Berlin"),
    }


@pytest.fixture
def server_without_some_zones() -> Iterator[None]:
    """PostgreSQL as built without some names. A temporary view comes before the system's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP VIEW pg_timezone_names AS SELECT * FROM pg_catalog.pg_timezone_names "
            "WHERE name NOT LIKE 'US/%%' AND name <> 'Asia/Tokyo'"
        )
    database_zones.cache_clear()
    yield
    database_zones.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW pg_temp.pg_timezone_names")


@pytest.mark.usefixtures("server_without_some_zones")
class TestAServerWithoutSomeZones:
    def test_takes_an_old_name_as_the_current_one(self) -> None:
        business = BusinessFactory.create(time_zone="US/Pacific")
        assert business.time_zone == "America/Los_Angeles"

    def test_refuses_what_postgresql_does_not_know(self) -> None:
        with pytest.raises(ValidationError) as caught:
            BusinessFactory.create(time_zone="Asia/Tokyo")
        (message,) = caught.value.messages
        assert message == (
            "Our database does not know the time zone Asia/Tokyo. "
            "Choose another city with the same time, or ask support."
        )

    def test_the_page_shows_the_error_beside_the_field(self) -> None:
        business: Business = BusinessFactory.create()
        owner = logged_in(member("olivia", business, Membership.Role.OWNER))
        page = saved(owner, business, "Asia/Tokyo")
        assert "Our database does not know the time zone Asia/Tokyo." in page
        assert 'value="Asia/Tokyo"' not in offered(owner, business)


def test_forms_offer_current_names_by_country_and_continent() -> None:
    groups: dict[str, Any] = dict(zone_choices())
    assert {"Africa", "America", "Europe", "World"} <= groups.keys()
    names = {name for group in groups.values() for name, _ in group}
    assert names == current_zones()
    assert "US/Pacific" not in names
    assert {"America/Los_Angeles", "Europe/Stockholm", "UTC"} <= names


def test_an_owner_chooses_among_the_zones_of_the_country_first(settings: Any) -> None:
    settings.WHITENOISE_AUTOREFRESH = True
    business: Business = BusinessFactory.create(country="AU", time_zone="Australia/Perth")
    owner = logged_in(member("olivia", business, Membership.Role.OWNER))
    page = offered(owner, business)
    assert page.index("Australia/Sydney") < page.index("Africa/Abidjan")
    assert '<option value="Australia/Perth" selected>' in page
    saved(owner, business, "Australia/North")
    business.refresh_from_db()
    assert business.time_zone == "Australia/Darwin"


def offered(client: Client, business: Business) -> str:
    return client.get(f"/admin/customers/business/{business.pk}/change/").content.decode()


def saved(client: Client, business: Business, time_zone: str) -> str:
    form = {"time_zone": time_zone, "country": business.country}
    address = f"/admin/customers/business/{business.pk}/change/"
    return client.post(address, form, follow=True).content.decode()
