"""Monthly partitions are created ahead, or by the transaction that needs one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.db import connection, transaction

from events.models import DeliveryAttempt, Outcome, SendLog
from events.outbox.rows import Attempt, OutboxRow, SettledMessage, Settlement
from events.outbox.settle import settle
from events.send_log import partitions
from smrt_integration.tasks import keep_partitions
from tests.customers.contention import wait_for_waiting

# Far from now, so that no test meets a month that another test or the migrations created.
NOW = datetime(2031, 12, 15, 12, 0, tzinfo=UTC)
MONTHS = [date(2031, 12, 1), date(2032, 1, 1), date(2032, 2, 1)]


@pytest.fixture(autouse=True)
def _far_months() -> Iterator[None]:
    """Drop partitions that a test commits: after a test, tables are only emptied."""
    yield
    partitions._existing.clear()
    if not connection.in_atomic_block:
        drop(*MONTHS)


def drop(*months: date) -> None:
    with connection.cursor() as cursor:
        for month in months:
            for table in partitions.PARTITIONED:
                cursor.execute(f"DROP TABLE IF EXISTS {partitions.partition_name(table, month)}")


def future_months(table: str) -> list[date]:
    return [month for month in partitions.partition_months(table) if month.year >= 2031]


def one_message() -> Settlement:
    """Return one accepted message that waits in the outbox. Settling logs no other messages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, "
            "message_id, occurred_at, facts) "
            "VALUES (1, 1, %s, 'Order Ready', 1, %s, %s, '{}') RETURNING id, user_id, message_id",
            [uuid4(), uuid4().hex, NOW],
        )
        row_id, user_id, message_id = cursor.fetchone()
    row = OutboxRow(row_id, 1, 1, user_id, "Order Ready", 1, message_id, NOW, {}, 0)
    return Settlement(
        settled=[SettledMessage(row, Outcome.ACCEPTED, "", "{}", NOW)],
        attempts=[Attempt(1, NOW, 200, 5, 1, 300)],
    )


@pytest.mark.django_db
def test_this_month_and_two_more_are_created_ahead_once() -> None:
    assert partitions.create_ahead(NOW) == 6
    assert future_months("events_sendlog") == future_months("events_deliveryattempt") == MONTHS
    assert partitions.create_ahead(NOW) == 0


@pytest.mark.django_db
def test_migrating_creates_this_month_and_the_next_two() -> None:
    month = partitions.month_of(datetime.now(UTC))
    for _ in range(3):
        assert month in partitions.partition_months("events_sendlog")
        assert month in partitions.partition_months("events_deliveryattempt")
        month = partitions.next_month(month)
    assert keep_partitions() == "0 created, 0 dropped"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2032, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), date(2032, 1, 1)),
        (datetime(2032, 2, 1, tzinfo=UTC), date(2032, 2, 1)),
        (datetime(2032, 2, 29, 23, 59, 59, tzinfo=UTC), date(2032, 2, 1)),
    ],
)
def test_a_month_begins_and_ends_at_midnight_utc(moment: datetime, month: date) -> None:
    partitions.create_ahead(NOW)
    settle(one_message(), moment)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM events_sendlog WHERE settled_at = %s", [moment]
        )
        assert cursor.fetchall() == [(f"events_sendlog_{month:%Y_%m}",)]


@pytest.mark.django_db
def test_settling_creates_a_missing_month() -> None:
    assert future_months("events_sendlog") == []
    assert settle(one_message(), NOW) == 1
    assert (
        future_months("events_sendlog")
        == future_months("events_deliveryattempt")
        == [date(2031, 12, 1)]
    )
    assert SendLog.objects.get().settled_at == NOW
    assert DeliveryAttempt.objects.get().at == NOW


@pytest.mark.django_db
def test_a_month_of_a_rolled_back_settling_is_created_again() -> None:
    work = one_message()
    with transaction.atomic():
        assert settle(work, NOW) == 1
        transaction.set_rollback(True)
    assert future_months("events_sendlog") == []
    assert SendLog.objects.count() == 0
    assert settle(work, NOW) == 1
    assert SendLog.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_existing_month_is_looked_up_once() -> None:
    partitions.ensure(NOW)
    with transaction.atomic():
        drop(MONTHS[0])
        partitions.ensure(NOW)
        assert future_months("events_sendlog") == []
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_create_a_month_at_once_both_succeed() -> None:
    def other_worker() -> int:
        try:
            return partitions.create_month(MONTHS[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            assert partitions.create_month(MONTHS[0]) == 2
            other = thread.submit(other_worker)
            wait_for_waiting(1)
        assert other.result(20) == 0
    assert future_months("events_sendlog") == future_months("events_deliveryattempt") == MONTHS[:1]


@pytest.mark.django_db(transaction=True)
def test_months_are_created_while_a_backup_reads_and_a_worker_settles() -> None:
    def worker() -> int:
        try:
            return partitions.create_ahead(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        assert not SendLog.objects.exists()
        settle(Settlement(settled=one_message().settled), datetime.now(UTC))
        assert thread.submit(worker).result(20) == 6
    assert future_months("events_sendlog") == future_months("events_deliveryattempt") == MONTHS


@pytest.mark.django_db
def test_a_partition_has_the_columns_defaults_and_indexes_of_its_table() -> None:
    partitions.create_ahead(NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class "
            "WHERE relname LIKE 'events_sendlog_2031_12_%' AND relkind = 'i' ORDER BY relname"
        )
        indexes = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhrelid = ANY (%s::regclass[])", [indexes]
        )
        assert cursor.fetchone() == (len(indexes),)
    assert len(indexes) == 4
    settle(one_message(), NOW)
    settle(one_message(), NOW)
    first, second = SendLog.objects.order_by("id").values_list("id", flat=True)
    assert first < second


@pytest.mark.django_db
def test_an_attempt_has_its_partition_although_the_workers_clock_is_two_years_ahead() -> None:
    now = datetime.now(UTC)
    at = now.replace(year=now.year + 2, day=1)
    attempt = Attempt(1, at, 200, 12, 1, 345)

    settle(Settlement(attempts=[attempt]), now)

    assert DeliveryAttempt.objects.get().at == at
