"""Recording what happened: one statement per save, whatever it means, in the transaction of the save."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import connection

from events import wake
from events.facts import Happening, Lookup, Related
from events.models.waiting import IDENTIFY

# Resolved inside the recording statement by primary key, so that an event says what was true when it happened even if the row it
# names is changed or deleted a moment later. Costs 15 to 25 us each (bench `record_lookups`), far less than another query.
LOOKUPS: dict[Related, str] = {
    "agent": "SELECT name FROM customers_agent WHERE id = %s",
    "employee": "SELECT name FROM customers_employee WHERE id = %s",
    "department": "SELECT name FROM customers_department WHERE id = %s",
    "discount": "SELECT jsonb_build_object('name', name, 'description', description, 'value', value) FROM customers_discount WHERE id = %s",
    "price_of_item": "SELECT price::text FROM customers_lineitem WHERE id = %s",
    "total_of_order": "SELECT total::text FROM customers_order WHERE id = %s",
    "currency_of_business": "SELECT currency FROM customers_business WHERE id = %s",
    "brand_of_customer": (
        "SELECT COALESCE(b.name, s.name) FROM customers_customer k JOIN customers_business s ON s.id = k.business_id "
        "LEFT JOIN customers_brand b ON b.id = k.brand_id WHERE k.id = %s"
    ),
}

# The gate stands in the statement itself: no further query, and switching on, off or muting counts from the next save.
INSERT = """
INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT i.business_id, c.id, c.uuid, e.event, e.subject_id, e.message_id, e.occurred_at, e.facts
FROM customers_customer c
JOIN events_integration i ON i.business_id = c.business_id
CROSS JOIN (VALUES {rows}) AS e (event, subject_id, message_id, occurred_at, facts)
WHERE c.id = %s AND i.enabled AND e.event <> ALL (i.muted)
"""
# A save while an identify waits replaces its message id: under the old one Segment would take the newer traits for a duplicate.
COALESCE = f"""
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}'
DO UPDATE SET message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at
"""


def record(customer_id: int, happenings: Iterable[Happening], identify_at: datetime | None = None) -> int:
    """Record events and, with `identify_at`, that the customer's traits changed. Answers how many messages now wait because of it:
    none when the business is switched off."""
    found = list(happenings)
    if identify_at is not None:
        found.append(Happening(IDENTIFY, customer_id, identify_at, {}))
    if not found:
        return 0
    rows, params = zip(*map(_row, found), strict=True)
    statement = INSERT.format(rows=", ".join(rows)) + COALESCE
    with connection.cursor() as cursor:
        cursor.execute(statement, [*(value for row in params for value in row), customer_id])
        recorded = int(cursor.rowcount)
    if recorded:
        wake.after_commit()
    return recorded


def new_message_id() -> str:
    """Random, because Segment drops repeated ids across all its customers; 32 hex digits, because Mixpanel takes no more than 36."""
    return uuid4().hex


def _row(happening: Happening) -> tuple[str, list[Any]]:
    plain = {name: fact for name, fact in happening.facts.items() if not isinstance(fact, Lookup) or fact.id is None}
    found = {name: fact for name, fact in happening.facts.items() if isinstance(fact, Lookup) and fact.id is not None}
    facts = json.dumps({name: None if isinstance(fact, Lookup) else fact for name, fact in plain.items()})
    merged = "".join(f" || jsonb_build_object('{name}', ({LOOKUPS[fact.related]}))" for name, fact in found.items())
    values = [happening.event, happening.subject_id, new_message_id(), happening.occurred_at, facts]
    return f"(%s, %s::bigint, %s, %s::timestamptz, %s::jsonb{merged})", [*values, *(fact.id for fact in found.values())]


def record_found(find: str, params: dict[str, Any]) -> int:
    """Record what a set-based statement found. `find` is one or more CTEs, the last named `found` with the columns business_id,
    customer_id, event, subject_id, occurred_at and facts; it runs in the caller's transaction, in the same statement."""
    statement = f"""
    WITH {find}
    INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
    SELECT f.business_id, f.customer_id, c.uuid, f.event, f.subject_id, replace(gen_random_uuid()::text, '-', ''), f.occurred_at, f.facts
    FROM found f
    JOIN customers_customer c ON c.id = f.customer_id
    JOIN events_integration i ON i.business_id = f.business_id
    WHERE i.enabled AND f.event <> ALL (i.muted)
    ORDER BY f.business_id, f.customer_id
    {COALESCE}
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        recorded = int(cursor.rowcount)
    if recorded:
        wake.after_commit()
    return recorded
