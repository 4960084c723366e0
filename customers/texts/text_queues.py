"""The queues of businesses' waiting texts: whose number may send the next.

Each number is served least recently served first, so one that has many texts, or has to wait for
its limit, delays no other. The time of a queue is in PostgreSQL, so all workers together keep the
limit, and a Redis that is away changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from customers.by_index import by_index
from customers.texts.pace import idle_since, texts_allowed, time_after

LOOK_AGAIN: Final = timedelta(seconds=10)
"""A queue whose texts all wait for another attempt is looked at again after this at the latest.
A pickup that is scheduled meanwhile gets its text so much later."""

# Only an index entry or two of each business that has waiting texts are read.
OPEN_QUEUES: Final = """
WITH RECURSIVE waiting AS (
    (
        SELECT business_id FROM customers_nightlytext
        WHERE status = 'waiting' ORDER BY business_id LIMIT 1
    )
    UNION ALL
    SELECT following.business_id FROM waiting CROSS JOIN LATERAL (
        SELECT text.business_id FROM customers_nightlytext text
        WHERE text.status = 'waiting' AND text.business_id > waiting.business_id
        ORDER BY text.business_id LIMIT 1
    ) following
)
INSERT INTO customers_textqueue AS queue (business_id, next_at)
SELECT waiting.business_id, %s FROM waiting
LEFT JOIN customers_textqueue open ON open.business_id = waiting.business_id
WHERE open.next_at IS NULL ORDER BY waiting.business_id
ON CONFLICT (business_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE queue.next_at IS NULL
"""
MAY_SEND: Final = """
FROM customers_textqueue queue
JOIN customers_textsettings settings ON settings.business_id = queue.business_id
WHERE settings.enabled AND settings.number <> ''
    AND (settings.resume_at IS NULL OR settings.resume_at <= %(now)s)
"""
LOCK_QUEUES: Final = f"""
SELECT queue.business_id, queue.next_at {MAY_SEND} AND queue.next_at <= %(now)s
ORDER BY queue.next_at, queue.business_id LIMIT %(limit)s
FOR NO KEY UPDATE OF queue SKIP LOCKED
"""
FIND_NEXT_TIME: Final = f"SELECT min(queue.next_at) {MAY_SEND}"
# A number without a text that is due has a row without an id. The outer limit ends the search, so
# numbers that it does not come to have no row at all.
FIND_DUE_TEXTS: Final = """
SELECT number.business_id, due.id
FROM unnest(%(businesses)s::bigint[], %(allowed)s::int[]) AS number (business_id, allowed)
LEFT JOIN LATERAL (
    SELECT text.id FROM customers_nightlytext text
    WHERE text.business_id = number.business_id AND text.status = 'waiting'
        AND text.next_at <= %(now)s AND text.until > %(now)s
    ORDER BY text.next_at, text.id LIMIT number.allowed
    FOR NO KEY UPDATE SKIP LOCKED
) due ON TRUE
LIMIT %(limit)s
"""
FIND_LATER: Final = """
SELECT number.business_id, later.next_at FROM unnest(%s::bigint[]) AS number (business_id)
CROSS JOIN LATERAL (
    SELECT text.next_at FROM customers_nightlytext text
    WHERE text.business_id = number.business_id AND text.status = 'waiting'
    ORDER BY text.next_at LIMIT 1
) later
"""
SAVE_TIMES: Final = """
UPDATE customers_textqueue queue SET next_at = served.next_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS served (business_id, next_at)
WHERE queue.business_id = served.business_id
"""

Times = dict[int, datetime]
"""The time of each business's queue."""


def open_queues(now: datetime) -> bool:
    """Note the businesses whose texts wait. Returns whether there were new ones."""
    with by_index(), connection.cursor() as cursor:
        cursor.execute(OPEN_QUEUES, [idle_since(now)])
        return bool(cursor.rowcount)


def lock_queues(now: datetime, limit: int) -> Times:
    """Lock the queues that are due, those that have waited for the longest first."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_QUEUES, {"now": now, "limit": limit})
        return dict(cursor.fetchall())


def find_due(queues: Times, now: datetime, limit: int) -> dict[int, list[int]]:
    """Lock up to `limit` texts that may be sent now, in the order of their queues.

    Returns the ids by business, also of businesses that have none that is due.
    """
    allowed = [
        min(texts_allowed(next_at, now, settings.TEXTS_PER_SECOND), limit)
        for next_at in queues.values()
    ]
    values: dict[str, Any] = {
        "businesses": [*queues],
        "allowed": allowed,
        "now": now,
        "limit": limit,
    }
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(FIND_DUE_TEXTS, values)
        for business, text in cursor.fetchall():
            found.setdefault(business, []).extend([text] if text else [])
    return found


def move_on(queues: Times, sent: Mapping[int, int], now: datetime) -> None:
    """Save the times of queues after so many texts of each business in `sent`."""
    save_times(
        {
            business: time_after(queues[business], now, count, settings.TEXTS_PER_SECOND)
            for business, count in sent.items()
        }
    )


def close_queues(businesses: Sequence[int], now: datetime) -> None:
    """Let queues wait that have nothing due, or close them if nothing waits in them."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_LATER, [[*businesses]])
        later: Times = dict(cursor.fetchall())
    latest = now + LOOK_AGAIN

    def next_at(business: int) -> datetime | None:
        if (found := later.get(business)) is None:
            return None
        return min(found, latest) if found > now else latest

    save_times({business: next_at(business) for business in businesses})


def save_times(times: Mapping[int, datetime | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SAVE_TIMES, [[*times], [*times.values()]])


def seconds_until_next(now: datetime) -> float | None:
    """Return when the next number may send: in how many seconds. None if no text waits."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEXT_TIME, {"now": now})
        (next_at,) = cursor.fetchone()
    return None if next_at is None else max((next_at - now).total_seconds(), 0.0)
