"""Record occurrences: one statement per save or action, in its transaction."""

import json
import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.db import connection

from events import wake
from events.identify import IDENTIFY
from events.occurrences import Lookup, Occurrence, Related
from events.outbox import prepared

LOOKUP_QUERIES: Final[dict[Related, str]] = {
    "agent": "SELECT name FROM customers_agent WHERE id = %s::bigint",
    "employee": "SELECT name FROM customers_employee WHERE id = %s::bigint",
    "department": "SELECT name FROM customers_department WHERE id = %s::bigint",
    "discount": (
        "SELECT jsonb_build_object('name', name, 'description', description, 'value', value) "
        "FROM customers_discount WHERE id = %s::bigint"
    ),
    "price_of_item": "SELECT price::text FROM customers_lineitem WHERE id = %s::bigint",
    "total_of_order": "SELECT total::text FROM customers_order WHERE id = %s::bigint",
    "currency_of_business": "SELECT currency FROM customers_business WHERE id = %s::bigint",
    "brand_of_customer": (
        "SELECT COALESCE(brand.name, business.name) FROM customers_customer c "
        "JOIN customers_business business ON business.id = c.business_id "
        "LEFT JOIN customers_brand brand ON brand.id = c.brand_id WHERE c.id = %s::bigint"
    ),
}
"""`related` of a Lookup -> the query for its fact by primary key, within the recording statement.

So a message says what was true when it happened, even if the row is changed or deleted right after.
Each costs about 30 us (bench `record_lookups`), far less than a separate query."""

# Like `new_message_id`. The server may be too old for uuidv7(). The 20 random digits come from two
# random UUIDs: the last 12 digits of one and the first 8 of another, none of which is fixed.
NEW_MESSAGE_ID: Final = """
lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
    || right(gen_random_uuid()::text, 12) || left(gen_random_uuid()::text, 8)
"""
# The statement itself checks whether the business is on and the event is not muted. That needs no
# further query, and a changed switch applies from the next save on.
INSERT_ROWS: Final = """
INSERT INTO events_outgoing AS o
    (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT i.business_id, c.id, c.uuid, e.event, e.subject_id, e.message_id, e.occurred_at, e.facts
FROM customers_customer c
JOIN events_integration i ON i.business_id = c.business_id
CROSS JOIN (VALUES {rows}) AS e (event, subject_id, message_id, occurred_at, facts)
WHERE c.id = %s::bigint AND i.enabled AND e.event <> ALL (i.muted)
"""
# A save while an identify waits gives it a new message id: under the old one, which may be in
# flight, Segment would drop the newer traits as a duplicate. A bulk one becomes live, with a new
# row id: no live row may appear below its lane's floor.
REPLACE_WAITING_IDENTIFY: Final = f"""
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}'
DO UPDATE SET message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at,
    unanswered_at = NULL,
    id = CASE WHEN o.is_bulk AND NOT EXCLUDED.is_bulk THEN EXCLUDED.id ELSE o.id END,
    is_bulk = o.is_bulk AND EXCLUDED.is_bulk
"""

# With an attempt that failed, an identify is never left out as unchanged.
IDENTIFY_AGAIN: Final = f"""
INSERT INTO events_outgoing AS o (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts, attempts,
    is_bulk
)
SELECT c.business_id, c.id, c.uuid, '{IDENTIFY}', c.id, new.message_id, %(now)s, '{{}}',
    %(attempts)s, TRUE
FROM unnest(%(customers)s::bigint[], %(message_ids)s::text[]) AS new (customer_id, message_id)
JOIN customers_customer c ON c.id = new.customer_id AND c.id = ANY (%(customers)s)
ORDER BY c.id
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}' DO UPDATE SET
    message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at, unanswered_at = NULL,
    attempts = GREATEST(o.attempts, EXCLUDED.attempts)
"""

LookupNames = tuple[tuple[str, Related], ...]
"""The lookups of one occurrence: the fact's name, and its key in LOOKUP_QUERIES."""


def record(
    customer_id: int, occurrences: Iterable[Occurrence], identify_at: datetime | None = None
) -> int:
    """Record occurrences and, with `identify_at`, that the customer's traits changed.

    Returns the number of messages that wait because of it, 0 when the business is switched off.
    """
    recorded = list(occurrences)
    if identify_at is not None:
        recorded.append(Occurrence(IDENTIFY, customer_id, identify_at, {}))
    if not recorded:
        return 0
    lookups = [_lookups(occurrence) for occurrence in recorded]
    statement = _statement(tuple(_names(facts) for facts in lookups))
    values = [
        value
        for occurrence, facts in zip(recorded, lookups, strict=True)
        for value in _values(occurrence, facts)
    ]
    count = prepared.run(statement, [*values, customer_id])
    if count:
        wake.after_commit()
    return count


def facts_of(occurrence: Occurrence) -> dict[str, Any]:
    """Return the facts that recording it now would store. Nothing is written."""
    lookups = _lookups(occurrence)
    row = _row(_names(lookups))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.facts FROM (VALUES {row}) "
            "AS e (event, subject_id, message_id, occurred_at, facts)",
            _values(occurrence, lookups),
        )
        facts: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return facts


def new_message_id() -> str:
    """Return 12 hex digits of the time in milliseconds, then 20 random ones.

    Random, because Segment drops repeated ids across all its customers: two ids are the same once
    in 2**80 pairs, and only when both are of one millisecond. In the order of time, so that the
    send log's index of ids grows at its end; random ids would touch a page of it for each message.
    32 digits in all, because Mixpanel accepts at most 36.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def record_from_query(query: str, params: dict[str, Any]) -> int:
    """Record the occurrences that a set-based query returns, in the caller's transaction.

    They are bulk: what happens live is sent before them.

    `query` is one or more CTEs. The last is named `occurrences` and has the columns business_id,
    customer_id, event, subject_id, occurred_at and facts. Returns the number of messages recorded.
    """
    # OFFSET 0 keeps PostgreSQL from reading all customers of a business to find these.
    statement = f"""
    WITH {query}
    INSERT INTO events_outgoing AS o (
        business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts,
        is_bulk
    )
    SELECT new.business_id, new.customer_id, c.uuid, new.event, new.subject_id, {NEW_MESSAGE_ID},
        new.occurred_at, new.facts, TRUE
    FROM occurrences new
    CROSS JOIN LATERAL (
        SELECT known.uuid FROM customers_customer known WHERE known.id = new.customer_id OFFSET 0
    ) c
    JOIN events_integration i ON i.business_id = new.business_id
    WHERE i.enabled AND new.event <> ALL (i.muted)
    ORDER BY new.business_id, new.customer_id
    {REPLACE_WAITING_IDENTIFY}
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        recorded = int(cursor.rowcount)
    if recorded:
        wake.after_commit()
    return recorded


def record_identifies_again(
    cursor: Any, customer_ids: Collection[int], now: datetime, attempts: int
) -> None:
    """Record a bulk identify under a new message id for each of these customers.

    `attempts` is 1 when Segment may have older traits that were posted after newer ones.
    """
    if customer_ids:
        ids = sorted(set(customer_ids))
        params = {
            "now": now,
            "attempts": attempts,
            "customers": ids,
            "message_ids": [new_message_id() for _ in ids],
        }
        cursor.execute(IDENTIFY_AGAIN, params)


# One entry per kind of save. The text is always the same, so each connection plans it once.
@lru_cache(maxsize=256)
def _statement(rows: tuple[LookupNames, ...]) -> str:
    return INSERT_ROWS.format(rows=", ".join(map(_row, rows))) + REPLACE_WAITING_IDENTIFY


def _row(names: LookupNames) -> str:
    lookups = "".join(
        f" || jsonb_build_object('{name}', ({LOOKUP_QUERIES[related]}))" for name, related in names
    )
    return f"(%s::text, %s::bigint, %s::text, %s::timestamptz, %s::jsonb{lookups})"


def _lookups(occurrence: Occurrence) -> dict[str, Lookup]:
    return {name: fact for name, fact in occurrence.facts.items() if isinstance(fact, Lookup)}


def _names(lookups: Mapping[str, Lookup]) -> LookupNames:
    return tuple((name, fact.related) for name, fact in lookups.items())


def _values(occurrence: Occurrence, lookups: Mapping[str, Lookup]) -> list[Any]:
    """Return the parameters of one `_row`."""
    facts = {name: fact for name, fact in occurrence.facts.items() if name not in lookups}
    return [
        occurrence.event,
        occurrence.subject_id,
        new_message_id(),
        occurrence.occurred_at,
        json.dumps(facts),
        *(fact.id for fact in lookups.values()),
    ]
