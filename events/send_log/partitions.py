"""The send log and the delivery attempts are partitioned by month: old months go by dropping a table, not by deleting rows."""

from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from events.outbox.lock_timeout import LockTimeout, lock_timeout

# Table -> the column it is partitioned by.
PARTITIONED = {"events_sendlog": "settled_at", "events_deliveryattempt": "at"}

# Two months ahead of the current one: beat may be dead for weeks before writing needs a partition that is not there yet.
MONTHS_AHEAD = 2

# While somebody waits to drop a month, settling waits behind: longer than this it must not, and a backup may read for hours.
PATIENCE = "1s"

_ready: set[date] = set()


def month_of(moment: datetime) -> date:
    """The first day of the moment's month. Moments are in UTC, as the partitions' bounds are."""
    return date(moment.year, moment.month, 1)


def next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def name_of(table: str, month: date) -> str:
    return f"{table}_{month:%Y_%m}"


def make_ahead(now: datetime) -> int:
    """Make the partitions for this month and the coming ones. Answers how many were missing."""
    month, made = month_of(now), 0
    for _ in range(MONTHS_AHEAD + 1):
        made += make(month)
        month = next_month(month)
    return made


def ensure(now: datetime) -> None:
    """Make this month's partitions if nobody did, at most one look per process and month."""
    month = month_of(now)
    if month not in _ready:
        make(month)
        # not before: a transaction that is rolled back takes the partitions it made with it
        transaction.on_commit(lambda: _ready.add(month))


def make(month: date) -> int:
    """Make the month's partitions. Answers how many were missing."""
    missing = [table for table in PARTITIONED if not _exists(name_of(table, month))]
    return sum(_make(table, month) for table in missing)


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])


def _make(table: str, month: date) -> bool:
    """False when another worker made it meanwhile. Made apart and then attached: unlike CREATE TABLE ... PARTITION OF, that keeps nobody
    from writing or reading the other months, and does not wait for a long report or a backup to end."""
    name = name_of(table, month)
    with transaction.atomic(), connection.cursor() as cursor:
        # one at a time: IF NOT EXISTS would look before it waits for the other worker, and then fail
        cursor.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        if _exists(name):
            return False
        cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        bounds = f"FROM ('{month} 00:00+00') TO ('{next_month(month)} 00:00+00')"
        cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}")
    return True


def months(table: str) -> list[date]:
    """The months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [table],
        )
        names = [row[0] for row in cursor.fetchall()]
    return sorted(date(int(name[-7:-3]), int(name[-2:]), 1) for name in names)


def drop_before(month: date) -> int:
    """Drop every partition that ends before `month` begins. Answers how many; the others are left to the next time."""
    return sum(_drop(table, old) for table in PARTITIONED for old in months(table) if old < month)


def _drop(table: str, month: date) -> bool:
    """False when another worker dropped it meanwhile, or somebody reads the table for long."""
    name = name_of(table, month)
    with suppress(LockTimeout), lock_timeout(PATIENCE) as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        if _exists(name):
            cursor.execute(f"DROP TABLE {name}")
            return True
    return False
