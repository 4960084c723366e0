"""Customer Lost: no visit for longer than the customer's rhythm allows (contract, section 2)."""

from datetime import datetime

from django.db import connection, transaction

from events.catalogue import CUSTOMER_LOST
from events.outbox.record import record_found

# A portion is one short transaction; thousands of businesses share a midnight.
BUSINESSES = 100

DUE = """
SELECT i.business_id FROM events_integration i
JOIN customers_business b ON b.id = i.business_id
LEFT JOIN events_sweepdone d ON d.business_id = i.business_id AND d.sweep = 'lost'
WHERE i.enabled AND (d.day IS NULL OR d.day < (%s AT TIME ZONE b.time_zone)::date)
ORDER BY i.business_id LIMIT %s
"""

# Days are the business's days. A lapse is known by the visit it counts from, so it is found once, and a later visit makes a new one
# possible. Lapses are noted also while the event is muted: unmuting tells of new ones only. What fell due before the business
# switched on is past and not told.
FIND = """
claimed AS (
    INSERT INTO events_sweepdone AS d (business_id, sweep, day)
    SELECT b.id, 'lost', (%(now)s AT TIME ZONE b.time_zone)::date FROM customers_business b WHERE b.id = ANY (%(businesses)s) ORDER BY b.id
    ON CONFLICT (business_id, sweep) DO UPDATE SET day = EXCLUDED.day WHERE d.day < EXCLUDED.day
    RETURNING d.business_id, d.day
), silent AS (
    SELECT c.id, c.business_id, c.visit_frequency, k.day, k.day - (s.since AT TIME ZONE b.time_zone)::date AS days, s.since,
        (i.enabled_at AT TIME ZONE b.time_zone)::date AS enabled_day,
        CASE c.visit_frequency WHEN 'weekly' THEN i.weekly_limit WHEN 'bi-weekly' THEN i.bi_weekly_limit
                               WHEN 'monthly' THEN i.monthly_limit ELSE i.irregular_limit END AS day_limit
    FROM claimed k
    JOIN events_integration i ON i.business_id = k.business_id
    JOIN customers_business b ON b.id = k.business_id
    JOIN customers_customer c ON c.business_id = k.business_id
    CROSS JOIN LATERAL (SELECT GREATEST(c.last_visit, c.created_at) AS since) s
), lapsed AS (
    INSERT INTO events_lapse (customer_id, since, found_at)
    SELECT id, since, %(now)s FROM silent WHERE days > day_limit AND day - days + day_limit + 1 >= enabled_day ORDER BY id
    ON CONFLICT (customer_id, since) DO NOTHING
    RETURNING customer_id
), found AS (
    SELECT s.business_id, s.id AS customer_id, %(event)s AS event, s.id AS subject_id, %(now)s::timestamptz AS occurred_at,
        jsonb_build_object(
            'last_visit', to_char(s.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'days_since_visit', s.days,
            'visit_frequency', s.visit_frequency
        ) AS facts
    FROM lapsed l JOIN silent s ON s.id = l.customer_id
)
"""


def sweep(now: datetime) -> int:
    """Find who was lost, once per business and local day. Answers how many events were recorded."""
    recorded = 0
    while businesses := _due(now):
        with transaction.atomic():
            recorded += record_found(
                FIND, {"now": now, "businesses": businesses, "event": CUSTOMER_LOST}
            )
    return recorded


def _due(now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(DUE, [now, BUSINESSES])
        return [row[0] for row in cursor.fetchall()]
