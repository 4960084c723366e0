"""The send log and the delivery attempts are partitioned by month: old months go by dropping a table, not by deleting rows."""

from datetime import date, datetime, timedelta

from django.db import connection

# Table -> the column it is partitioned by.
PARTITIONED = {"events_sendlog": "settled_at", "events_deliveryattempt": "at"}

# Two months ahead of the current one: beat may be dead for weeks before writing needs a partition that is not there yet.
MONTHS_AHEAD = 2

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
        _ready.add(month)


def make(month: date) -> int:
    made = 0
    with connection.cursor() as cursor:
        for table in PARTITIONED:
            name = name_of(table, month)
            cursor.execute("SELECT to_regclass(%s) IS NULL", [name])
            if cursor.fetchone()[0]:
                # IF NOT EXISTS for two workers at the same moment; the lookup first, because creating locks the whole table.
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
                    f"FOR VALUES FROM ('{month} 00:00+00') TO ('{next_month(month)} 00:00+00')"
                )
                made += 1
    return made


def months(table: str) -> list[date]:
    """The months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        names = [row[0] for row in cursor.fetchall()]
    return sorted(date(int(name[-7:-3]), int(name[-2:]), 1) for name in names)


def drop_before(month: date) -> int:
    """Drop every partition that ends before `month` begins. Answers how many."""
    dropped = 0
    for table in PARTITIONED:
        for old in months(table):
            if old < month:
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP TABLE {name_of(table, old)}")
                dropped += 1
    return dropped
