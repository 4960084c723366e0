"""The send log and the delivery attempts are kept for the months that each business chose."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction

from customers.models import Business
from events.models import DeliveryAttempt, Integration, SendLog
from events.send_log import partitions, retention
from tests.customers.contention import wait_for_waiting
from tests.factories import BusinessFactory

# Before any month that exists.
NOW = datetime(2016, 5, 20, 8, 0, tzinfo=UTC)
MONTHS = [date(2015, month, 1) for month in range(1, 13)] + [
    date(2016, month, 1) for month in range(1, 6)
]


@pytest.fixture
def months(db: None) -> Iterator[None]:
    for month in MONTHS:
        partitions.create_month(month)
    yield
    if not connection.in_atomic_block:
        for table in partitions.PARTITIONED:
            for month in past_months(table):
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP TABLE {partitions.partition_name(table, month)}")


def past_months(table: str) -> list[date]:
    return [month for month in partitions.partition_months(table) if month.year < 2020]


def log(business: Business, *moments: datetime, copies: int = 1) -> None:
    """Write an entry of the send log and a delivery attempt at each moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_sendlog (business_id, customer_id, user_id, event, subject_id, "
            "message_id, occurred_at, settled_at, outcome, reason, attempts, body) "
            "SELECT %s, 1, gen_random_uuid(), 'Order Ready', 1, '', m, m, 'accepted', '', 1, '{}' "
            "FROM unnest(%s::timestamptz[]) m, generate_series(1, %s)",
            [business.pk, list(moments), copies],
        )
        cursor.execute(
            "INSERT INTO events_deliveryattempt "
            "(business_id, at, milliseconds, messages, bytes, error) SELECT %s, m, 5, 1, 300, '' "
            "FROM unnest(%s::timestamptz[]) m, generate_series(1, %s)",
            [business.pk, list(moments), copies],
        )


def kept_days(business: Business) -> list[str]:
    """Return the days of the business's entries and attempts that are left."""
    entries = (
        SendLog.objects.filter(business=business)
        .order_by("settled_at")
        .values_list("settled_at", flat=True)
    )
    attempts = (
        DeliveryAttempt.objects.filter(business=business)
        .order_by("at")
        .values_list("at", flat=True)
    )
    assert list(entries) == list(attempts)
    return [f"{moment:%Y-%m-%d}" for moment in entries]


def create_business(months: int) -> Business:
    business: Business = BusinessFactory.create()
    Integration.objects.create(business=business, retention_months=months)
    return business


@pytest.mark.usefixtures("months")
def test_months_that_no_business_keeps_are_dropped() -> None:
    business = create_business(13)
    log(business, datetime(2015, 3, 31, 23, 59, tzinfo=UTC), datetime(2015, 4, 1, tzinfo=UTC), NOW)
    # January to March of 2015, in two tables
    assert retention.drop_old(NOW) == 6
    assert past_months("events_sendlog") == past_months("events_deliveryattempt") == MONTHS[3:]
    assert kept_days(business) == ["2015-04-01", "2016-05-20"]
    assert retention.drop_old(NOW) == 0


@pytest.mark.usefixtures("months")
def test_without_any_integration_thirteen_months_are_kept() -> None:
    assert retention.drop_old(NOW) == 6
    assert past_months("events_sendlog") == MONTHS[3:]


@pytest.mark.usefixtures("months")
def test_the_longest_retention_decides_which_months_are_dropped() -> None:
    create_business(2)
    create_business(16)
    assert retention.drop_old(NOW) == 0
    assert past_months("events_sendlog") == MONTHS


@pytest.mark.usefixtures("months")
def test_entries_of_a_business_that_keeps_less_are_deleted_and_no_others() -> None:
    short, long = create_business(2), create_business(12)
    moments = [
        datetime(2016, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2016, 3, 1, tzinfo=UTC),
        datetime(2016, 4, 2, tzinfo=UTC),
    ]
    log(short, *moments)
    log(long, *moments)
    retention.drop_old(NOW)
    assert kept_days(short) == ["2016-03-01", "2016-04-02"]
    assert kept_days(long) == ["2016-02-29", "2016-03-01", "2016-04-02"]


@pytest.mark.usefixtures("months")
@pytest.mark.parametrize("copies", [4_999, 5_000, 5_001])
def test_any_number_of_chunks_is_deleted_completely(copies: int) -> None:
    short, _ = create_business(1), create_business(12)
    log(short, datetime(2016, 1, 10, tzinfo=UTC), copies=copies)
    log(short, NOW)
    retention.drop_old(NOW)
    assert kept_days(short) == ["2016-05-20"]


@pytest.mark.parametrize(
    ("count", "month"),
    [(0, date(2016, 5, 1)), (4, date(2016, 1, 1)), (5, date(2015, 12, 1)), (120, date(2006, 5, 1))],
)
def test_months_are_counted_back_across_years(count: int, month: date) -> None:
    assert retention.months_before(date(2016, 5, 1), count) == month


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("months")
def test_two_concurrent_workers_drop_each_month_once() -> None:
    def other_worker() -> int:
        try:
            return retention.drop_old(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            assert retention.drop_old(NOW) == 6
            other = thread.submit(other_worker)
            wait_for_waiting(1)
        assert other.result(20) == 0
    assert past_months("events_sendlog") == past_months("events_deliveryattempt") == MONTHS[3:]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("months")
def test_a_month_that_a_backup_reads_is_dropped_the_next_time() -> None:
    def worker() -> int:
        try:
            return retention.drop_old(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            assert not SendLog.objects.exists()
            assert thread.submit(worker).result(20) == 3
        assert past_months("events_sendlog") == MONTHS
        assert past_months("events_deliveryattempt") == MONTHS[3:]
        assert thread.submit(worker).result(20) == 3
    assert past_months("events_sendlog") == MONTHS[3:]
