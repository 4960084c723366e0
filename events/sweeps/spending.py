"""The nightly recomputation of the trait `demographic`, and identifies for those whose fifth changed."""

from contextlib import suppress
from datetime import datetime

from django.db import connection

from customers import demographics
from events.outbox import fan_out
from events.outbox.lock_timeout import LockTimeout, lock_timeout

# Local time of day; after the evening's last orders and before anybody looks at reports.
HOUR = 2
# A save of one of these customers may be waiting for us as well.
PATIENCE = "500ms"

DUE = """
SELECT i.business_id FROM events_integration i
JOIN customers_business b ON b.id = i.business_id
LEFT JOIN events_sweepdone d ON d.business_id = i.business_id AND d.sweep = 'spending'
WHERE i.enabled AND (
    d.day IS NULL
    OR d.day < (%(now)s AT TIME ZONE b.time_zone)::date AND extract(hour FROM %(now)s AT TIME ZONE b.time_zone) >= %(hour)s
)
ORDER BY i.business_id
"""
CLAIM = """
INSERT INTO events_sweepdone AS d (business_id, sweep, day)
SELECT b.id, 'spending', (%(now)s AT TIME ZONE b.time_zone)::date FROM customers_business b WHERE b.id = %(business)s
ON CONFLICT (business_id, sweep) DO UPDATE SET day = EXCLUDED.day WHERE d.day < EXCLUDED.day
RETURNING d.business_id
"""


def sweep(now: datetime) -> int:
    """Recompute every business that is due, each in a transaction of its own. Answers how many customers changed their fifth."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "hour": HOUR})
        businesses = [row[0] for row in cursor.fetchall()]
    return sum(_sweep_one(business_id, now) for business_id in businesses)


def _sweep_one(business_id: int, now: datetime) -> int:
    """0 also when another worker is at it, or a save holds some of these customers for long: then the next sweep finds it due."""
    with suppress(LockTimeout), lock_timeout(PATIENCE) as cursor:
        cursor.execute(CLAIM, {"now": now, "business": business_id})
        if cursor.fetchone():
            customer_ids = demographics.recompute_demographics(business_id, now)
            fan_out.identify_known(business_id, customer_ids, now)
            return len(customer_ids)
    return 0
