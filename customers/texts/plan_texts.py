"""Decide which customers get a text tonight, and write a row for each before anything is sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from customers.budget import NO_TIME_LIMIT, Budget
from customers.by_index import by_index
from customers.models import TextSettings
from customers.texts.timing import SendingWindow, sending_window

BUSINESSES_AT_ONCE: Final = 100
"""One statement looks through the pickups of so many. Thousands may share an hour."""
PLANNED_AT_ONCE: Final = 4_000
"""Texts that one statement adds, in a fraction of a second."""
PLAN_EVERY: Final = timedelta(seconds=50)
"""A bit less than a minute, which is the schedule's. In between, a run that goes on with sending
looks for no new pickups."""

# A pickup whose text was planned before is left alone, whatever happened to the text. The queue of
# each business is locked first, in order, so that two runs at the same time wait for each other.
#
# OFFSET 0 lets PostgreSQL look each pickup of the day up in the other tables, and join none.
INSERT_PLANNED_TEXTS: Final = """
WITH locked AS (
    INSERT INTO customers_textqueue AS queue (business_id)
    SELECT business_id FROM unnest(%(businesses)s::bigint[]) business_id ORDER BY business_id
    ON CONFLICT (business_id) DO UPDATE SET business_id = queue.business_id
    RETURNING queue.business_id
)
INSERT INTO customers_nightlytext (
    business_id, customer_id, pickup_id, pickup_date, until, status, reason, attempts,
    next_at, created_at, phone, sender, sid
)
SELECT
    due.business_id, pickup.customer_id, pickup.id, due.day, due.until,
    'waiting', '', 0, %(now)s, %(now)s, '', '', ''
FROM unnest(%(businesses)s::bigint[], %(days)s::date[], %(untils)s::timestamptz[])
    AS due (business_id, day, until)
JOIN locked ON locked.business_id = due.business_id
CROSS JOIN LATERAL (
    SELECT pickup.id, pickup.customer_id FROM customers_pickuprequest pickup
    WHERE pickup.business_id = due.business_id AND pickup.pickup_date = due.day
        AND pickup.status = 'scheduled'
    OFFSET 0
) pickup
WHERE NOT EXISTS (
    SELECT FROM customers_nightlytext planned
    WHERE planned.customer_id = pickup.customer_id AND planned.pickup_date = due.day OFFSET 0
)
AND NOT EXISTS (
    SELECT FROM customers_nightlytext planned WHERE planned.pickup_id = pickup.id OFFSET 0
)
AND (
    SELECT customer.receive_texts AND customer.phone <> '' FROM customers_customer customer
    WHERE customer.id = pickup.customer_id
)
LIMIT %(limit)s
ON CONFLICT DO NOTHING
"""
NOTE_PLANNED: Final = """
UPDATE customers_textqueue SET planned_at = %s WHERE business_id = ANY (%s)
"""

Due = tuple[int, SendingWindow]
"""A business that may text now, with its window."""


def plan_texts(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Add the texts of all businesses whose hour has come. Returns the number of texts added.

    A run with a time limit passes over the businesses that were planned a moment ago.
    """
    since = now - PLAN_EVERY if budget.has_limit else None
    due = businesses_due(now, since)
    groups = [
        due[first : first + BUSINESSES_AT_ONCE] for first in range(0, len(due), BUSINESSES_AT_ONCE)
    ]
    return sum(_plan_group(group, now, budget) for group in budget.over(groups))


def _plan_group(due: Sequence[Due], now: datetime, budget: Budget) -> int:
    businesses, windows = zip(*due, strict=True)
    days, untils = zip(*windows, strict=True)
    values: dict[str, Any] = {
        "now": now,
        "businesses": [*businesses],
        "days": [*days],
        "untils": [*untils],
        "limit": PLANNED_AT_ONCE,
    }
    total = 0
    while True:
        with by_index(), connection.cursor() as cursor:
            cursor.execute(INSERT_PLANNED_TEXTS, values)
            count: int = cursor.rowcount
            total += count
            if count < PLANNED_AT_ONCE:
                cursor.execute(NOTE_PLANNED, [now, [*businesses]])
                return total
        if budget.is_spent():
            return total


def businesses_due(now: datetime, not_planned_since: datetime | None = None) -> list[Due]:
    """Return the ids of businesses that may text now, each with its window.

    With a time, only those that were not planned between then and now.
    """
    switched_on = TextSettings.objects.filter(enabled=True).exclude(number="")
    if not_planned_since:
        planned_at = "business__text_queue__planned_at"
        switched_on = switched_on.filter(
            Q(**{planned_at: None})
            | Q(**{f"{planned_at}__lte": not_planned_since})
            | Q(**{f"{planned_at}__gt": now})
        )
    rows = switched_on.values_list("business_id", "business__time_zone", "hour").order_by(
        "business_id"
    )
    windows = [(business, sending_window(now, zone, hour)) for business, zone, hour in rows]
    return [(business, window) for business, window in windows if window]
