"""Recording what happened: one statement per save, whatever it means, in the transaction of the save."""

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection

from events import wake
from events.identify import IDENTIFY
from events.occurrences import Lookup, Occurrence, Related

# Resolved inside the recording statement by primary key, so that an event says what was true when it happened even if the row it
# names is changed or deleted a moment later. Costs about 30 us each (bench `record_lookups`), far less than another query.
LOOKUPS: dict[Related, str] = {
    "agent": "SELECT name FROM customers_agent WHERE id = %s::bigint",
    "employee": "SELECT name FROM customers_employee WHERE id = %s::bigint",
    "department": "SELECT name FROM customers_department WHERE id = %s::bigint",
    "discount": (
        "SELECT jsonb_build_object('name', name, 'description', description, 'value', value) FROM customers_discount WHERE id = %s::bigint"
    ),
    "price_of_item": "SELECT price::text FROM customers_lineitem WHERE id = %s::bigint",
    "total_of_order": "SELECT total::text FROM customers_order WHERE id = %s::bigint",
    "currency_of_business": "SELECT currency FROM customers_business WHERE id = %s::bigint",
    "brand_of_customer": (
        "SELECT COALESCE(b.name, s.name) FROM customers_customer k JOIN customers_business s ON s.id = k.business_id "
        "LEFT JOIN customers_brand b ON b.id = k.brand_id WHERE k.id = %s::bigint"
    ),
}

# As `new_message_id`, also where the server has no uuidv7() yet: 12 digits of a random UUID and 8 of another, none of them a fixed one.
NEW_MESSAGE_ID = """
lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
    || right(gen_random_uuid()::text, 12) || left(gen_random_uuid()::text, 8)
"""
# The gate stands in the statement itself: no further query, and switching on, off or muting counts from the next save.
INSERT = """
INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT i.business_id, c.id, c.uuid, e.event, e.subject_id, e.message_id, e.occurred_at, e.facts
FROM customers_customer c
JOIN events_integration i ON i.business_id = c.business_id
CROSS JOIN (VALUES {rows}) AS e (event, subject_id, message_id, occurred_at, facts)
WHERE c.id = %s::bigint AND i.enabled AND e.event <> ALL (i.muted)
"""
# A save while an identify waits replaces its message id: under the old one Segment would take the newer traits for a duplicate.
COALESCE = f"""
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}'
DO UPDATE SET message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at
"""


@contextmanager
def prepared() -> Iterator[Any]:
    """A cursor whose statements the server plans once and keeps: parsing and planning the recording statement costs several times what
    running it does (bench `record_off_ratio_to_plain_save`). Django's own cursors put the values into the text."""
    connection.ensure_connection()
    # Whoever has the queries logged wants to read them, with their values; a prepared one has no text.
    planned: Any = None if connection.queries_logged else psycopg.Cursor(connection.connection)
    own = connection.make_cursor(planned) if planned else connection.cursor()
    with own as cursor:
        yield cursor


# The lookups of one event: the fact's name and what it is about.
Shape = tuple[tuple[str, Related], ...]


def record(
    customer_id: int, happenings: Iterable[Occurrence], identify_at: datetime | None = None
) -> int:
    """Record events and, with `identify_at`, that the customer's traits changed. Answers how many messages now wait because of it:
    none when the business is switched off."""
    found = list(happenings)
    if identify_at is not None:
        found.append(Occurrence(IDENTIFY, customer_id, identify_at, {}))
    if not found:
        return 0
    lookups = [
        {name: fact for name, fact in happening.facts.items() if isinstance(fact, Lookup)}
        for happening in found
    ]
    statement = _statement(
        tuple(tuple((name, fact.related) for name, fact in facts.items()) for facts in lookups)
    )
    values = [
        value
        for happening, facts in zip(found, lookups, strict=True)
        for value in _values(happening, facts)
    ]
    with prepared() as cursor:
        cursor.execute(statement, [*values, customer_id])
        recorded = int(cursor.rowcount)
    if recorded:
        wake.after_commit()
    return recorded


def facts_of(happening: Occurrence) -> dict[str, Any]:
    """What would be recorded of it now, by the same means; nothing is written."""
    lookups = {name: fact for name, fact in happening.facts.items() if isinstance(fact, Lookup)}
    row = _row(tuple((name, fact.related) for name, fact in lookups.items()))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.facts FROM (VALUES {row}) AS e (event, subject_id, message_id, occurred_at, facts)",
            _values(happening, lookups),
        )
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return found


def new_message_id() -> str:
    """12 hex digits of the time in milliseconds, then 20 at random. Random, because Segment drops repeated ids of all its customers: two
    are the same once in 2**80 pairs, and only if both are of one millisecond. In the order of time, so that the send log's index of them
    grows at its end; wholly random ones would touch a page of it for each message. 32 digits, because Mixpanel takes no more than 36."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


# As many as there are kinds of saves; always the same text, so that the server plans it once per connection.
@lru_cache(maxsize=256)
def _statement(shapes: tuple[Shape, ...]) -> str:
    return INSERT.format(rows=", ".join(map(_row, shapes))) + COALESCE


def _row(shape: Shape) -> str:
    found = "".join(
        f" || jsonb_build_object('{name}', ({LOOKUPS[related]}))" for name, related in shape
    )
    return f"(%s::text, %s::bigint, %s::text, %s::timestamptz, %s::jsonb{found})"


def _values(happening: Occurrence, lookups: Mapping[str, Lookup]) -> list[Any]:
    plain = json.dumps(
        {name: fact for name, fact in happening.facts.items() if name not in lookups}
    )
    values = [happening.event, happening.subject_id, new_message_id(), happening.occurred_at, plain]
    return [*values, *(fact.id for fact in lookups.values())]


def record_found(find: str, params: dict[str, Any]) -> int:
    """Record what a set-based statement found. `find` is one or more CTEs, the last named `found` with the columns business_id,
    customer_id, event, subject_id, occurred_at and facts; it runs in the caller's transaction, in the same statement."""
    statement = f"""
    WITH {find}
    INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
    SELECT f.business_id, f.customer_id, c.uuid, f.event, f.subject_id, {NEW_MESSAGE_ID}, f.occurred_at, f.facts
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
