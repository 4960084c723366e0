"""The nightly recomputation of the trait `demographic`: a customer's fifth by spending.

Customers whose fifth changed are identified. A business's fifths are computed at once, without a
lock on anybody, and kept. Then they are set in steps, so that no save waits for long, and a worker
that is killed leaves the rest to the next.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from customers.budget import NO_TIME_LIMIT, Budget
from customers.demographics import CHANGED_FIFTHS, spending_params
from events.outbox import fan_out

RECOMPUTE_HOUR: Final = 2
"""Local hour of the day: after the evening's last orders and before anybody reads reports."""

CUSTOMERS_PER_STEP: Final = 250
"""Customers that are locked at a time: for some 20 ms."""

FIFTHS_COMPUTED: Final = "fifths"
"""Name of the sweep that says for which day a business's fifths were computed. `spending` says for
which day they were set."""

# Enough to sort and join a million customers without the disk.
MEMORY: Final = "SET LOCAL work_mem = '256MB'"
FIND_DUE: Final = """
SELECT i.business_id FROM events_integration i
JOIN customers_business b ON b.id = i.business_id
LEFT JOIN events_sweepdone d ON d.business_id = i.business_id AND d.sweep = 'spending'
WHERE i.enabled AND (
    d.day IS NULL
    OR d.day < (%(now)s AT TIME ZONE b.time_zone)::date
        AND extract(hour FROM %(now)s AT TIME ZONE b.time_zone) >= %(hour)s
)
ORDER BY i.business_id
"""
# Returns nothing when it is noted already, also when another worker has just done so.
NOTE_DAY: Final = """
INSERT INTO events_sweepdone AS d (business_id, sweep, day)
SELECT b.id, %(sweep)s, (%(now)s AT TIME ZONE b.time_zone)::date FROM customers_business b
WHERE b.id = %(business)s
ON CONFLICT (business_id, sweep) DO UPDATE SET day = EXCLUDED.day WHERE d.day < EXCLUDED.day
RETURNING d.business_id
"""
FORGET: Final = "DELETE FROM events_pendingfifth WHERE business_id = %(business)s"
# Neighbours in the table are set in different steps. So each finds room beside the row, and no
# index of customers is written: that would be more than half of the WAL.
SPREAD: Final = 16
KEEP_CHANGED: Final = f"""
WITH {CHANGED_FIFTHS}
INSERT INTO events_pendingfifth (customer_id, business_id, fifth)
SELECT id, business_id, fifth FROM changed ORDER BY id %% {SPREAD}, id
"""
# A customer whom a save holds locked is left for a later run. The order is the primary key's, so
# that the plan does not depend on what PostgreSQL expects of a table that is empty by day.
SET_NEXT: Final = """
WITH next AS MATERIALIZED (
    SELECT id, customer_id, fifth FROM events_pendingfifth
    WHERE business_id = %(business)s AND id > %(after)s
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), free AS MATERIALIZED (
    SELECT id FROM customers_customer WHERE id = ANY (ARRAY(SELECT customer_id FROM next))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), set AS (
    UPDATE customers_customer c SET demographic = next.fifth FROM next
    WHERE c.id = next.customer_id AND c.id = ANY (ARRAY(SELECT id FROM free))
        AND c.demographic <> next.fifth
    RETURNING c.id
), done AS (
    DELETE FROM events_pendingfifth WHERE id = ANY (ARRAY(
        SELECT next.id FROM next JOIN free ON free.id = next.customer_id
    ))
)
SELECT (SELECT max(id) FROM next), ARRAY(SELECT id FROM set ORDER BY id)
"""
ANY_PENDING: Final = (
    "SELECT EXISTS (SELECT FROM events_pendingfifth WHERE business_id = %(business)s)"
)


class Step(NamedTuple):
    """The customers whose fifth was set, and the last row looked at: None when none is left."""

    customer_ids: list[int]
    last_id: int | None


def sweep(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Recompute each business that is due. Returns the number of customers whose fifth changed."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_DUE, {"now": now, "hour": RECOMPUTE_HOUR})
        business_ids = [business_id for (business_id,) in cursor.fetchall()]
    return sum(
        _sweep_business(business_id, now, budget) for business_id in budget.over(business_ids)
    )


def _sweep_business(business_id: int, now: datetime, budget: Budget) -> int:
    """Return the number of customers whose fifth was set.

    A business with customers who are locked, or whom another worker is setting, stays due.
    """
    _compute(business_id, now)
    changed, after = 0, 0
    while True:
        step = _set_next(business_id, after, now)
        if step.last_id is None:
            _note_done(business_id, now)
            return changed
        changed, after = changed + len(step.customer_ids), step.last_id
        if budget.is_spent():
            return changed


@transaction.atomic
def _compute(business_id: int, now: datetime) -> None:
    """Keep the fifths that changed, once a day."""
    with connection.cursor() as cursor:
        if _note_day(cursor, business_id, FIFTHS_COMPUTED, now):
            cursor.execute(MEMORY)
            cursor.execute(FORGET, {"business": business_id})
            cursor.execute(KEEP_CHANGED, spending_params(business_id, now))


@transaction.atomic
def _set_next(business_id: int, after: int, now: datetime) -> Step:
    with connection.cursor() as cursor:
        params = {"business": business_id, "after": after, "most": CUSTOMERS_PER_STEP}
        cursor.execute(SET_NEXT, params)
        last_id, customer_ids = cursor.fetchone()
        fan_out.identify_known_customers(business_id, customer_ids, now)
        return Step(customer_ids, last_id)


@transaction.atomic
def _note_done(business_id: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ANY_PENDING, {"business": business_id})
        if not cursor.fetchone()[0]:
            _note_day(cursor, business_id, "spending", now)


def _note_day(cursor: Any, business_id: int, sweep: str, now: datetime) -> bool:
    cursor.execute(NOTE_DAY, {"business": business_id, "sweep": sweep, "now": now})
    return cursor.fetchone() is not None
