"""The nightly recomputation of the trait `demographic`: a customer's fifth by spending.

Customers whose fifth changed are identified.
"""

from contextlib import suppress
from datetime import datetime
from typing import Final

from django.db import connection

from customers import demographics
from events.outbox import fan_out
from events.outbox.lock_timeout import LockTimeout, lock_timeout

RECOMPUTE_HOUR: Final = 2
"""Local hour of the day: after the evening's last orders and before anybody reads reports."""

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
CLAIM_DAY: Final = """
INSERT INTO events_sweepdone AS d (business_id, sweep, day)
SELECT b.id, 'spending', (%(now)s AT TIME ZONE b.time_zone)::date FROM customers_business b
WHERE b.id = %(business)s
ON CONFLICT (business_id, sweep) DO UPDATE SET day = EXCLUDED.day WHERE d.day < EXCLUDED.day
RETURNING d.business_id
"""


def sweep(now: datetime) -> int:
    """Recompute each business that is due, in a transaction of its own.

    Returns the number of customers whose fifth changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND_DUE, {"now": now, "hour": RECOMPUTE_HOUR})
        business_ids = [business_id for (business_id,) in cursor.fetchall()]
    return sum(_sweep_business(business_id, now) for business_id in business_ids)


def _sweep_business(business_id: int, now: datetime) -> int:
    """Return the number of customers whose fifth changed.

    0 also when another worker has the business, or a save locks some of its customers for long.
    Then the next sweep finds it due.
    """
    with suppress(LockTimeout), lock_timeout() as cursor:
        cursor.execute(CLAIM_DAY, {"now": now, "business": business_id})
        if cursor.fetchone():
            customer_ids = demographics.recompute_demographics(business_id, now)
            fan_out.identify_known_customers(business_id, customer_ids, now)
            return len(customer_ids)
    return 0
