"""Customer Lost: no visit for longer than the customer's visit frequency allows.

`customers.lost` has the rule (contract, section 2).
"""

from datetime import datetime
from typing import Final

from django.db import connection

from customers.advisory_locks import LOST_LOCK, try_lock
from customers.budget import NO_TIME_LIMIT, Budget
from customers.by_index import by_index
from customers.lost import ABSENT_SINCE_SQL, LOST_ON_SQL
from events.definitions.customers import CustomerLost
from events.models.integration import LIMIT_FIELDS, OTHER_LIMIT_FIELD
from events.outbox.record import record_from_query

BUSINESSES_PER_CHUNK: Final = 100
"""Each chunk is one short transaction. Thousands of businesses may share a midnight."""

FIND_DUE_BUSINESSES: Final = """
SELECT i.business_id FROM events_integration i
JOIN customers_business b ON b.id = i.business_id
LEFT JOIN events_sweepdone d ON d.business_id = i.business_id AND d.sweep = 'lost'
WHERE i.enabled AND (d.day IS NULL OR d.day < (%s AT TIME ZONE b.time_zone)::date)
ORDER BY i.business_id LIMIT %s
"""

DAY_LIMIT: Final = (
    "CASE c.visit_frequency "
    + " ".join(f"WHEN '{frequency}' THEN i.{field}" for frequency, field in LIMIT_FIELDS.items())
    + f" ELSE i.{OTHER_LIMIT_FIELD} END"
)
SHORTEST_LIMIT: Final = (
    "LEAST("
    + ", ".join(f"i.{field}" for field in (*LIMIT_FIELDS.values(), OTHER_LIMIT_FIELD))
    + ")"
)
LOST_ON: Final = LOST_ON_SQL.format(
    since="s.since", time_zone="b.time_zone", limit=f"({DAY_LIMIT})"
)
# Who was seen within the shortest limit of the business is not lost, so the index on the time of
# the last visit leads to those who may be. The time in the index is never later than `since`. A
# zone's midnight is within a day of UTC's.
#
# OFFSET 0 and LIMIT 1 keep PostgreSQL from joining whole tables, and `by_index` from reading them:
# without statistics, or with those of another season, it would read all customers and all lapses.
#
# A lapse is identified by the visit from which it counts: each is found once, and only a later
# visit makes a new lapse possible. Lapses are recorded while the event is muted, too, so that
# unmuting the event sends new lapses only. Customers who were lost before the business switched on
# are not sent.
FIND_LOST: Final = f"""
claimed AS (
    INSERT INTO events_sweepdone AS d (business_id, sweep, day)
    SELECT b.id, 'lost', (%(now)s AT TIME ZONE b.time_zone)::date FROM customers_business b
    WHERE b.id = ANY (%(businesses)s) ORDER BY b.id
    ON CONFLICT (business_id, sweep) DO UPDATE SET day = EXCLUDED.day WHERE d.day < EXCLUDED.day
    RETURNING d.business_id, d.day
), absent AS (
    SELECT c.id, claimed.business_id, c.visit_frequency, s.since, claimed.day,
        claimed.day - (s.since AT TIME ZONE b.time_zone)::date AS days
    FROM claimed
    JOIN events_integration i ON i.business_id = claimed.business_id
    JOIN customers_business b ON b.id = claimed.business_id
    CROSS JOIN LATERAL (
        SELECT seen.id, seen.visit_frequency, seen.last_visit, seen.created_at
        FROM customers_customer seen
        WHERE seen.business_id = claimed.business_id
            AND COALESCE(seen.last_visit, seen.created_at)
                < %(now)s - make_interval(days => {SHORTEST_LIMIT} - 1)
        OFFSET 0
    ) c
    CROSS JOIN LATERAL (SELECT {ABSENT_SINCE_SQL.format(customer="c")} AS since) s
    LEFT JOIN LATERAL (
        SELECT found.id FROM events_lapse found
        WHERE found.customer_id = c.id AND found.since = s.since LIMIT 1
    ) before ON TRUE
    WHERE before.id IS NULL
        AND {LOST_ON} BETWEEN (i.enabled_at AT TIME ZONE b.time_zone)::date AND claimed.day
), lapsed AS (
    INSERT INTO events_lapse (customer_id, since, found_at)
    SELECT id, since, %(now)s FROM absent ORDER BY id
), occurrences AS (
    SELECT a.business_id, a.id AS customer_id, %(event)s AS event, a.id AS subject_id,
        %(now)s::timestamptz AS occurred_at,
        jsonb_build_object(
            'last_visit', to_char(a.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'days_since_visit', a.days,
            'visit_frequency', a.visit_frequency
        ) AS facts
    FROM absent a
)
"""


def sweep(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Record lost customers, once per business and local day.

    Returns the number of events recorded.
    """
    recorded = 0
    while businesses := _due_businesses(now):
        params = {"now": now, "businesses": businesses, "event": CustomerLost.name}
        with by_index():
            if not try_lock(LOST_LOCK):
                # Another worker sweeps. What it leaves is due at the next tick.
                return recorded
            recorded += record_from_query(FIND_LOST, params)
        if budget.is_spent():
            break
    return recorded


def _due_businesses(now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(FIND_DUE_BUSINESSES, [now, BUSINESSES_PER_CHUNK])
        return [business_id for (business_id,) in cursor.fetchall()]
