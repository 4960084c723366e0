"""The daily counts and delays, kept by whoever writes the send log and in the same transaction, so that they always say what it says."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from events.identify import IDENTIFY
from events.models import Outcome

if TYPE_CHECKING:
    from events.outbox.rows import SettledMessage

MILLISECOND: Final = timedelta(milliseconds=1)

BRANDS = "SELECT id, brand_id FROM customers_customer WHERE id = ANY (%s) AND brand_id IS NOT NULL"

# One day per business: that of `now` where it is. Rows are taken in the order of their keys, and the delays after all counts, so that of
# two workers that count for the same businesses one waits for the other, and never each for the other.
ADD = """
WITH counts AS (
    INSERT INTO events_dailycount AS d (business_id, event, outcome, brand_id, day, messages)
    SELECT n.business_id, n.event, n.outcome, n.brand_id, (%(now)s::timestamptz AT TIME ZONE COALESCE(b.time_zone, 'UTC'))::date, n.messages
    FROM unnest(%(businesses)s::bigint[], %(events)s::text[], %(outcomes)s::text[], %(brands)s::bigint[], %(messages)s::bigint[])
        AS n (business_id, event, outcome, brand_id, messages)
    LEFT JOIN customers_business b ON b.id = n.business_id
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (business_id, event, outcome, brand_id, day) DO UPDATE SET messages = d.messages + EXCLUDED.messages
    RETURNING 1
)
INSERT INTO events_dailydelay AS d (business_id, day, bucket, messages, worst_ms)
SELECT n.business_id, (%(now)s::timestamptz AT TIME ZONE COALESCE(b.time_zone, 'UTC'))::date, n.bucket, n.messages, n.worst_ms
FROM unnest(%(delayed)s::bigint[], %(buckets)s::smallint[], %(times)s::bigint[], %(worst)s::bigint[])
    AS n (business_id, bucket, messages, worst_ms)
LEFT JOIN customers_business b ON b.id = n.business_id
WHERE (SELECT count(*) FROM counts) > 0
ORDER BY 1, 2, 3
ON CONFLICT (business_id, day, bucket) DO UPDATE SET messages = d.messages + EXCLUDED.messages,
    worst_ms = GREATEST(d.worst_ms, EXCLUDED.worst_ms)
"""

DAILY: Final = ("events_dailycount", "events_dailydelay")
# Months of all businesses are deleted in portions, each one short transaction.
PORTION: Final = 50_000

FORGET = (
    "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE day < %s LIMIT %s))"
)
FORGET_OF = "DELETE FROM {table} WHERE business_id = %s AND day < %s"


def brands(cursor: Any, items: Sequence["SettledMessage"]) -> dict[int, int]:
    """The brand of each of these customers that has one and is not gone."""
    cursor.execute(BRANDS, [list({item.row.customer_id for item in items})])
    return dict(cursor.fetchall())


def add(
    cursor: Any, items: Sequence["SettledMessage"], brand_of: dict[int, int], now: datetime
) -> None:
    """Count what is being logged. At the end of the transaction: until it ends, others that log for these businesses wait."""
    counts = Counter(
        (i.row.business_id, i.row.event, i.outcome.value, brand_of.get(i.row.customer_id, 0))
        for i in items
    )
    times: Counter[tuple[int, int]] = Counter()
    worst: dict[tuple[int, int], int] = {}
    for item in items:
        if item.outcome is Outcome.ACCEPTED and item.row.event != IDENTIFY:
            delay = max(0, (now - item.row.occurred_at) // MILLISECOND)
            key = (item.row.business_id, bucket_of(delay))
            times[key] += 1
            worst[key] = max(worst.get(key, 0), delay)
    columns = {
        "now": now,
        **_columns(
            ("businesses", "events", "outcomes", "brands", "messages"),
            [(*key, n) for key, n in counts.items()],
        ),
    }
    delays = [(*key, n, worst[key]) for key, n in times.items()]
    cursor.execute(ADD, columns | _columns(("delayed", "buckets", "times", "worst"), delays))


def forget(before: date) -> None:
    """Of days whose log is gone, nothing is told."""
    for table in DAILY:
        deleted = PORTION
        while deleted == PORTION:
            with connection.cursor() as cursor:
                cursor.execute(FORGET.format(table=table), [before, PORTION])
                deleted = cursor.rowcount


def forget_of(business_id: int, before: date) -> None:
    with connection.cursor() as cursor:
        for table in DAILY:
            cursor.execute(FORGET_OF.format(table=table), [business_id, before])


def bucket_of(milliseconds: int) -> int:
    """Four steps for each doubling: 4, 5, 6, 7, then 8, 10, 12, 14, then 16, 20, 24, 28. None is wider than a quarter of its start."""
    value = max(1, milliseconds)
    doublings = value.bit_length() - 1
    return 4 * doublings + ((value << 2 >> doublings) & 3)


def starts_at(bucket: int) -> float:
    """The shortest delay of a bucket, in milliseconds; those of the first eight buckets that stand for no whole number stay empty."""
    return (4 + bucket % 4) * 2.0 ** (bucket // 4) / 4


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}
