"""Daily counts and delays, written together with the send log and in the same transaction."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from events.backfilled import is_backfilled
from events.identify import IDENTIFY
from events.models import Outcome
from events.outbox.rows import SettledMessage

MILLISECOND: Final = timedelta(milliseconds=1)

FIND_BRANDS: Final = (
    "SELECT id, brand_id FROM customers_customer WHERE id = ANY (%s) AND brand_id IS NOT NULL"
)

# One day per business: that of `now` in its time zone. Rows are locked in the order of their keys,
# and the delays after all counts. So when two workers count for the same businesses, one waits for
# the other, and they never deadlock.
ADD_COUNTS: Final = """
WITH counts AS (
    INSERT INTO events_dailycount AS d (business_id, event, outcome, brand_id, day, messages)
    SELECT n.business_id, n.event, n.outcome, n.brand_id,
        (%(now)s::timestamptz AT TIME ZONE COALESCE(b.time_zone, 'UTC'))::date, n.messages
    FROM unnest(
        %(businesses)s::bigint[], %(events)s::text[], %(outcomes)s::text[], %(brands)s::bigint[],
        %(messages)s::bigint[]
    ) AS n (business_id, event, outcome, brand_id, messages)
    LEFT JOIN customers_business b ON b.id = n.business_id
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (business_id, event, outcome, brand_id, day)
    DO UPDATE SET messages = d.messages + EXCLUDED.messages
    RETURNING 1
)
INSERT INTO events_dailydelay AS d (business_id, day, bucket, messages, worst_ms)
SELECT n.business_id, (%(now)s::timestamptz AT TIME ZONE COALESCE(b.time_zone, 'UTC'))::date,
    n.bucket, n.messages, n.worst_ms
FROM unnest(
    %(delayed)s::bigint[], %(buckets)s::smallint[], %(times)s::bigint[], %(worst)s::bigint[]
) AS n (business_id, bucket, messages, worst_ms)
LEFT JOIN customers_business b ON b.id = n.business_id
WHERE (SELECT count(*) FROM counts) > 0
ORDER BY 1, 2, 3
ON CONFLICT (business_id, day, bucket) DO UPDATE SET messages = d.messages + EXCLUDED.messages,
    worst_ms = GREATEST(d.worst_ms, EXCLUDED.worst_ms)
"""

DAILY_TABLES: Final = ("events_dailycount", "events_dailydelay")

COUNTS_CHUNK_SIZE: Final = 50_000
"""Rows of all businesses that one short transaction deletes."""

DELETE_COUNTS: Final = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE day < %s LIMIT %s))
"""
DELETE_COUNTS_OF_BUSINESS: Final = "DELETE FROM {table} WHERE business_id = %s AND day < %s"


def brand_ids(cursor: Any, items: Sequence[SettledMessage]) -> dict[int, int]:
    """Return customer id -> brand id, for customers of these messages who have a brand."""
    cursor.execute(FIND_BRANDS, [list({item.row.customer_id for item in items})])
    return dict(cursor.fetchall())


def add_counts(
    cursor: Any, items: Sequence[SettledMessage], brand_of: dict[int, int], now: datetime
) -> None:
    """Count messages that are being logged.

    Call this last in the transaction: others that log for these businesses wait until it ends.
    """
    counts = Counter(
        (i.row.business_id, i.row.event, i.outcome.value, brand_of.get(i.row.customer_id, 0))
        for i in items
    )
    params = {
        "now": now,
        **_columns(
            ("businesses", "events", "outcomes", "brands", "messages"),
            [(*key, messages) for key, messages in counts.items()],
        ),
        **_columns(("delayed", "buckets", "times", "worst"), _delays(items, now)),
    }
    cursor.execute(ADD_COUNTS, params)


def _delays(items: Sequence[SettledMessage], now: datetime) -> list[tuple[Any, ...]]:
    """Return (business id, bucket, messages, worst delay in ms) of the accepted events."""
    messages: Counter[tuple[int, int]] = Counter()
    worst: dict[tuple[int, int], int] = {}
    for item in items:
        if item.outcome is Outcome.ACCEPTED and item.row.event != IDENTIFY:
            if is_backfilled(item.row.facts):
                continue
            delay = max(0, (now - item.row.occurred_at) // MILLISECOND)
            key = (item.row.business_id, bucket_of(delay))
            messages[key] += 1
            worst[key] = max(worst.get(key, 0), delay)
    return [(*key, count, worst[key]) for key, count in messages.items()]


def delete_before(day: date) -> None:
    """Delete the counts of earlier days, whose entries the log no longer has."""
    for table in DAILY_TABLES:
        deleted = COUNTS_CHUNK_SIZE
        while deleted == COUNTS_CHUNK_SIZE:
            with connection.cursor() as cursor:
                cursor.execute(DELETE_COUNTS.format(table=table), [day, COUNTS_CHUNK_SIZE])
                deleted = cursor.rowcount


def delete_of_business(business_id: int, before: date) -> None:
    with connection.cursor() as cursor:
        for table in DAILY_TABLES:
            cursor.execute(DELETE_COUNTS_OF_BUSINESS.format(table=table), [business_id, before])


def bucket_of(milliseconds: int) -> int:
    """Return the bucket of a delay. There are four for each doubling.

    They begin at 4, 5, 6, 7, then 8, 10, 12, 14, then 16, 20, 24, 28 ms and so on, so none is wider
    than a quarter of its start.
    """
    value = max(1, milliseconds)
    doublings = value.bit_length() - 1
    return 4 * doublings + ((value << 2 >> doublings) & 3)


def bucket_start(bucket: int) -> float:
    """Return the shortest delay of a bucket, in milliseconds.

    Some of the first eight buckets begin at no whole number; these stay empty.
    """
    return (4 + bucket % 4) * 2.0 ** (bucket // 4) / 4


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}
