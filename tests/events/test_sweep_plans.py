"""The sweeps read a bounded part of large tables, with fresh statistics and without any."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Business, Customer
from events.models import Integration
from events.sweeps import birthdays, lost
from tests.conftest import WRITE_KEY
from tests.factories import BusinessFactory, CustomFieldFactory
from tests.plans import plan, tables_read_whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
NOW = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)
CUSTOMERS = 20_000
LARGE = {
    "customers_customer",
    "customers_customfieldvalue",
    "events_celebration",
    "events_lapse",
}
COPY_CUSTOMER = """
INSERT INTO customers_customer
SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', c.id + n, 'uuid', gen_random_uuid(),
    'last_visit', %(now)s::timestamptz
        - make_interval(days => CASE WHEN n %% 20 = 0 THEN 200 ELSE n %% 20 END)
))).* FROM customers_customer c, generate_series(1, %(count)s) n WHERE c.id = %(id)s
"""
GIVE_BIRTHDAYS = """
INSERT INTO customers_customfieldvalue (field_id, customer_id, value, updated_at)
SELECT %s, id, to_char(date '1960-01-01' + (id %% 9000)::int, 'YYYY-MM-DD'), %s
FROM customers_customer
"""
FIND_BEFORE = """
INSERT INTO events_celebration (customer_id, year) SELECT id, 2025 FROM customers_customer;
INSERT INTO events_lapse (customer_id, since, found_at)
SELECT id, created_at, created_at FROM customers_customer
"""


@pytest.fixture(params=["without statistics", "with statistics"])
def filled(request: pytest.FixtureRequest) -> Business:
    """A business with many customers, of whom much was found before."""
    business: Business = BusinessFactory.create(time_zone="America/Los_Angeles")
    field = CustomFieldFactory.create(business=business, birthday=True)
    integration = Integration.objects.create(
        business=business,
        write_key=WRITE_KEY,
        enabled=True,
        enabled_at=LONG_AGO,
        birthday_field=field,
    )
    Integration.objects.filter(pk=integration.pk).update(birthday_field_since=LONG_AGO)
    (first,) = Customer.objects.bulk_create([Customer(business=business, created_at=LONG_AGO)])
    with connection.cursor() as cursor:
        cursor.execute(COPY_CUSTOMER, {"now": NOW, "count": CUSTOMERS, "id": first.pk})
        cursor.execute(GIVE_BIRTHDAYS, [field.pk, LONG_AGO])
        cursor.execute(FIND_BEFORE)
        if request.param == "with statistics":
            cursor.execute("ANALYZE")
    return business


@pytest.mark.parametrize("sweep", [lost.sweep, birthdays.sweep], ids=["lost", "birthdays"])
def test_a_sweep_reads_no_large_table_whole(
    filled: Business, sweep: Callable[[datetime], int]
) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert sweep(NOW) > 0
    (statement,) = [query["sql"] for query in asked if "occurrences AS" in query["sql"]]
    assert tables_read_whole(plan(statement)) & LARGE == set()
