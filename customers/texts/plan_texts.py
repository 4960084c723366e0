"""Decide which customers get a text tonight, and write a row for each before anything is sent."""

from datetime import datetime

from django.db import connection

from customers.models import TextSettings
from customers.texts.timing import SendingWindow, sending_window

# A pickup whose text was planned before is left alone, whatever happened to the text. Ordered by
# customer, so that two runs at the same time wait for each other and cannot deadlock.
INSERT_PLANNED_TEXTS = """
INSERT INTO customers_nightlytext (
    business_id, customer_id, pickup_id, pickup_date, until, status, reason, attempts,
    next_at, created_at, phone, sender, sid
)
SELECT
    pickup.business_id, pickup.customer_id, pickup.id, pickup.pickup_date, due.until,
    'waiting', '', 0, %(now)s, %(now)s, '', '', ''
FROM unnest(%(businesses)s::bigint[], %(days)s::date[], %(untils)s::timestamptz[])
    AS due (business_id, day, until)
JOIN customers_pickuprequest pickup
    ON pickup.business_id = due.business_id AND pickup.pickup_date = due.day
    AND pickup.status = 'scheduled'
JOIN customers_customer customer
    ON customer.id = pickup.customer_id AND customer.receive_texts AND customer.phone <> ''
WHERE NOT EXISTS (
    SELECT FROM customers_nightlytext planned
    WHERE planned.customer_id = pickup.customer_id AND planned.pickup_date = pickup.pickup_date
)
ORDER BY pickup.customer_id
ON CONFLICT DO NOTHING
"""


def plan_texts(now: datetime) -> int:
    """Add the texts of all businesses whose hour has come. Returns the number of texts added."""
    due = businesses_due(now)
    if not due:
        return 0
    businesses, windows = zip(*due, strict=True)
    days, untils = zip(*windows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_PLANNED_TEXTS,
            {"now": now, "businesses": [*businesses], "days": [*days], "untils": [*untils]},
        )
        return int(cursor.rowcount)


def businesses_due(now: datetime) -> list[tuple[int, SendingWindow]]:
    """Return the ids of businesses that may text now, each with its window."""
    switched_on = TextSettings.objects.filter(enabled=True).exclude(number="")
    rows = switched_on.values_list("business_id", "business__time_zone", "hour").order_by(
        "business_id"
    )
    windows = [(business, sending_window(now, zone, hour)) for business, zone, hour in rows]
    return [(business, window) for business, window in windows if window]
