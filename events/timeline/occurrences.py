"""What happened to a customer, by the business's own records: whatever is an event, whether or not it was sent."""

from datetime import datetime
from typing import Any, Final

from django.db import connection

from events import catalogue
from events.timeline.lines import LINES_PER_PAGE, Key, PastOccurrence
from events.timeline.reasons import CANCELED_BY_EMPLOYEE

# The moments are those that the triggers give the events. A birthday has no record of its own.
HAPPENED: Final = f"""
SELECT e.event, o.id AS subject_id, e.at, 'order ' || o.number AS about, e.visits
FROM customers_order o
CROSS JOIN LATERAL (VALUES
    ('{catalogue.ORDER_CREATED}', o.created_at, o.stop_id IS NULL), ('{catalogue.ORDER_READY}', o.ready_at, FALSE),
    ('{catalogue.ORDER_RETURNED}', o.returned_at, TRUE)
) e (event, at, visits)
WHERE o.customer_id = %(customer)s AND e.at IS NOT NULL
UNION ALL
SELECT '{catalogue.ORDER_LINE_ITEM_RETURNED}', i.id, i.returned_at, i.description || ', order ' || o.number, FALSE
FROM customers_order o JOIN customers_lineitem i ON i.order_id = o.id
WHERE o.customer_id = %(customer)s AND i.returned_at IS NOT NULL
UNION ALL
SELECT CASE s.status WHEN 'missed' THEN '{catalogue.PICKUP_MISSED}' ELSE '{catalogue.PICKUP_COMPLETED}' END, s.id, s.completed_at, '',
    s.status = 'completed'
FROM customers_stop s WHERE s.customer_id = %(customer)s AND s.status <> 'pending' AND s.completed_at IS NOT NULL
UNION ALL
SELECT e.event, p.id, e.at, 'for ' || to_char(p.pickup_date, 'FMDD FMMonth YYYY'), FALSE
FROM customers_pickuprequest p
CROSS JOIN LATERAL (VALUES
    ('{catalogue.PICKUP_SCHEDULED}', p.created_at),
    (CASE p.canceled_via WHEN 'Employee' THEN '{CANCELED_BY_EMPLOYEE}' ELSE '{catalogue.CUSTOMER_CANCELED_PICKUP}' END, p.canceled_at)
) e (event, at)
WHERE p.customer_id = %(customer)s AND e.at IS NOT NULL
UNION ALL
SELECT '{catalogue.CUSTOMER_REQUESTED_REGULAR_PICKUPS}', r.id, r.requested_at, '', FALSE
FROM customers_regularpickuprequest r WHERE r.customer_id = %(customer)s
UNION ALL
SELECT '{catalogue.CUSTOMER_VISIT}', v.id, v.at,
    CASE v.visit_type WHEN 'Driver' THEN 'a driver was there' WHEN 'Store' THEN 'in a store' ELSE 'by signing up' END, FALSE
FROM customers_visit v WHERE v.customer_id = %(customer)s
UNION ALL
SELECT '{catalogue.CUSTOMER_LOST}', l.customer_id, l.found_at, '', FALSE FROM events_lapse l WHERE l.customer_id = %(customer)s
UNION ALL
SELECT '{catalogue.NEW_CUSTOMER_SIGNUP}', c.id, c.created_at,
    CASE c.source WHEN 'Website' THEN 'on the website' ELSE 'in the point of sale' END, FALSE
FROM customers_customer c WHERE c.id = %(customer)s
"""
# In the bytes' order, as Python sorts, whatever language the database speaks.
BEFORE: Final = """(h.at, h.event COLLATE "C", h.subject_id) < (%(at)s::timestamptz, %(event)s::text COLLATE "C", %(subject)s::bigint)"""
NEWEST: Final = f"""
SELECT h.event, h.subject_id, h.at, h.about, h.visits FROM ({HAPPENED}) h
WHERE {BEFORE} ORDER BY h.at DESC, h.event COLLATE "C" DESC, h.subject_id DESC LIMIT %(most)s
"""
LATEST: Final = f"SELECT h.event, max(h.at) FROM ({HAPPENED}) h GROUP BY h.event"


def keyset(before: Key | None) -> dict[str, Any]:
    """The parameters of BEFORE."""
    at, event, subject = before or ("infinity", "", 0)
    return {"at": at, "event": event, "subject": subject}


def newest(customer_id: int, before: Key | None) -> list[PastOccurrence]:
    """A page's, and one more if there are more."""
    with connection.cursor() as cursor:
        cursor.execute(
            NEWEST, {"customer": customer_id, "most": LINES_PER_PAGE + 1, **keyset(before)}
        )
        return [PastOccurrence(*row) for row in cursor.fetchall()]


def latest(customer_id: int) -> dict[str, datetime]:
    """When each event happened last."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, {"customer": customer_id})
        return dict(cursor.fetchall())
