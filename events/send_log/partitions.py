"""Monthly partitions of the send log and the delivery attempts.

Old months go by dropping a table, which is cheap, and not by deleting rows.
"""

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction

from events.outbox.lock_timeout import LockTimeout, lock_timeout

PARTITIONED: Final = {"events_sendlog": "settled_at", "events_deliveryattempt": "at"}
"""Table -> the column that it is partitioned by."""

MONTHS_AHEAD: Final = 2
"""Months created ahead of the current one: beat may be down for weeks before a partition is missing
when a row is written."""

DROP_LOCK_TIMEOUT: Final = "1s"
"""While a drop waits for its lock, settling waits behind it. A backup may hold the table for hours,
and then the drop is tried another day. No save locks these tables."""

_existing: set[date] = set()


def month_of(moment: datetime) -> date:
    """Return the first day of the month of a moment in UTC, like the partitions' bounds."""
    return date(moment.year, moment.month, 1)


def next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def partition_name(table: str, month: date) -> str:
    return f"{table}_{month:%Y_%m}"


def create_ahead(now: datetime) -> int:
    """Create the partitions of this month and the coming ones.

    Returns the number of partitions created.
    """
    month, created = month_of(now), 0
    for _ in range(MONTHS_AHEAD + 1):
        created += create_month(month)
        month = next_month(month)
    return created


def ensure(now: datetime) -> None:
    """Create this month's partitions if they are missing."""
    ensure_month(month_of(now))


def ensure_month(month: date) -> None:
    """Create a month's partitions if they are missing. Each process looks once per month."""
    if month not in _existing:
        create_month(month)
        # on commit: a transaction that is rolled back takes the partitions it created with it
        transaction.on_commit(lambda: _existing.add(month))


def create_month(month: date) -> int:
    """Create the month's partitions. Returns the number of partitions created."""
    missing = [table for table in PARTITIONED if not _exists(partition_name(table, month))]
    return sum(_create(table, month) for table in missing)


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])


def _create(table: str, month: date) -> bool:
    """Create a partition. Returns False if another worker created it meanwhile.

    The table is created first and then attached. Unlike CREATE TABLE ... PARTITION OF, that lets
    others read and write the other months, and does not wait until a report or a backup ends.
    """
    name = partition_name(table, month)
    with transaction.atomic(), connection.cursor() as cursor:
        # one worker at a time: IF NOT EXISTS would look, wait for the other worker, and then fail
        cursor.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        if _exists(name):
            return False
        cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        bounds = f"FROM ('{month} 00:00+00') TO ('{next_month(month)} 00:00+00')"
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}")
    return True


def partition_months(table: str) -> list[date]:
    """Return the months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [table],
        )
        names = [name for (name,) in cursor.fetchall()]
    return sorted(date(int(name[-7:-3]), int(name[-2:]), 1) for name in names)


def drop_before(month: date) -> int:
    """Drop the partitions of earlier months. Returns the number of partitions dropped.

    A partition that is in use for long is left for the next time.
    """
    return sum(
        _drop(table, old) for table in PARTITIONED for old in partition_months(table) if old < month
    )


def _drop(table: str, month: date) -> bool:
    """Return False if another worker dropped it meanwhile, or the table is read for long."""
    name = partition_name(table, month)
    with suppress(LockTimeout), lock_timeout(DROP_LOCK_TIMEOUT) as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        if _exists(name):
            cursor.execute(f"DROP TABLE {name}")
            return True
    return False
