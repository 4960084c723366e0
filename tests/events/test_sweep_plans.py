"""The sweeps and fan out read a bounded part of large tables, whatever the statistics say."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection

from customers.models import Business, Customer
from events.models import Integration, TraitChange
from events.outbox.fan_out import FAN_OUT_CHUNK_SIZE, fan_out_chunk, request_fan_out
from events.sweeps import birthdays, lost
from tests.conftest import WRITE_KEY
from tests.factories import BusinessFactory, CustomFieldFactory
from tests.plans import outline, plans_of, rows_read_by, tables_read_whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
NOW = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)
CUSTOMERS = 8_000
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


# Reading a table whole seems cheap then, whatever share of it is wanted.
DEAR_INDEXES = "SET LOCAL random_page_cost = 1000"
CHEAP_INDEXES = "SET LOCAL random_page_cost TO DEFAULT"
# One in ten is unknown to Segment.
KNOW_MOST = """
INSERT INTO events_acceptedtraits (customer_id, destination, traits_hash, message_id, occurred_at)
SELECT id, 'none', '', '', now() FROM customers_customer WHERE id % 10 <> 0
"""
CHUNK_READS = 8
"""Rows of all tables that a chunk reads for each of its customers, at most."""
STATISTICS = ("without statistics", "with statistics", "on slow disks")


@pytest.fixture(params=STATISTICS)
def filled(request: pytest.FixtureRequest) -> Iterator[Business]:
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
        if request.param != "without statistics":
            cursor.execute("ANALYZE")
        if request.param == "on slow disks":
            cursor.execute(DEAR_INDEXES)
    yield business
    with connection.cursor() as cursor:
        # PostgreSQL checks the foreign keys of all these rows at the end.
        cursor.execute(CHEAP_INDEXES)


def check_the_sweeps() -> None:
    for sweep in (lost.sweep, birthdays.sweep):
        with plans_of("occurrences AS") as plans:
            assert sweep(NOW) > 0
        assert [tables_read_whole(plan) & LARGE for plan in plans] == [set()], sweep


def check_a_chunk_of_a_fan_out(business: Business) -> None:
    """It reads its customers, and not the identifies of the chunks before it, which wait."""
    with connection.cursor() as cursor:
        cursor.execute(KNOW_MOST)
    request_fan_out(business.pk, "business", business.pk)
    (change,) = TraitChange.objects.all()
    for _ in range(CHUNK_READS):
        assert fan_out_chunk(change.pk)
    with plans_of("occurrences AS") as plans:
        assert fan_out_chunk(change.pk)
    (plan,) = plans
    assert tables_read_whole(plan) & {*LARGE, "events_outgoing"} == set()

    assert rows_read_by(plan) < CHUNK_READS * FAN_OUT_CHUNK_SIZE, outline(plan)


def test_no_large_table_is_read_whole(filled: Business) -> None:
    check_the_sweeps()
    check_a_chunk_of_a_fan_out(filled)
