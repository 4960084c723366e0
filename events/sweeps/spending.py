"""The nightly recomputation of the trait `demographic`, and identifies for those whose fifth changed."""

from datetime import datetime

from django.db import connection, transaction

from customers import demographics
from events.outbox import spread

# Local time of day; after the evening's last orders and before anybody looks at reports.
HOUR = 2

CLAIM = """
INSERT INTO events_sweepdone AS d (business_id, sweep, day)
SELECT i.business_id, 'spending', (%(now)s AT TIME ZONE b.time_zone)::date
FROM events_integration i
JOIN customers_business b ON b.id = i.business_id
LEFT JOIN events_sweepdone e ON e.business_id = i.business_id AND e.sweep = 'spending'
WHERE i.enabled AND (
    e.day IS NULL
    OR e.day < (%(now)s AT TIME ZONE b.time_zone)::date AND extract(hour FROM %(now)s AT TIME ZONE b.time_zone) >= %(hour)s
)
ORDER BY i.business_id LIMIT 1
ON CONFLICT (business_id, sweep) DO UPDATE SET day = EXCLUDED.day WHERE d.day < EXCLUDED.day
RETURNING d.business_id
"""


def sweep(now: datetime) -> int:
    """Recompute every business that is due, each in a transaction of its own. Answers how many customers changed their fifth."""
    changed = 0
    while (found := _sweep_one(now)) is not None:
        changed += found
    return changed


def _sweep_one(now: datetime) -> int | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "hour": HOUR})
        row = cursor.fetchone()
        if row is None:
            return None
        customer_ids = demographics.recompute(row[0], now)
        spread.identify_known(row[0], customer_ids, now)
        return len(customer_ids)
