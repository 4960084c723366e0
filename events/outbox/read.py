"""Reading what waits, for many lanes at once, and making sure that who was never identified is identified first."""

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from events.identify import IDENTIFY
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import new_message_id
from events.outbox.rows import OutboxRow

# The time as text: Django's own conversion takes a tenth of all that a message costs.
COLUMNS = "o.id, o.business_id, o.customer_id, o.user_id, o.event, o.subject_id, o.message_id, o.occurred_at::text, o.facts, o.attempts"

OCCURRED_AT, FACTS = (
    COLUMNS.split(", ").index(column) for column in ("o.occurred_at::text", "o.facts")
)

OF_LANES = f"""
SELECT {COLUMNS} FROM unnest(%s::bigint[], %s::bigint[]) AS l (business_id, first_id)
CROSS JOIN LATERAL (
    SELECT * FROM events_outgoing q WHERE q.business_id = l.business_id AND q.id >= l.first_id ORDER BY q.id LIMIT %s
) o
"""
IDENTIFIES = f"SELECT {COLUMNS} FROM events_outgoing o WHERE o.event = '{IDENTIFY}' AND o.customer_id = ANY (%s)"
ADD_IDENTIFIES = f"""
INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT c.business_id, c.id, c.uuid, '{IDENTIFY}', c.id, m.message_id, %s, '{{}}'
FROM unnest(%s::bigint[], %s::text[]) AS m (customer_id, message_id) JOIN customers_customer c ON c.id = m.customer_id
ORDER BY c.id
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}' DO NOTHING
"""
STANDINGS = """
SELECT c.id, c.email <> '' AND c.receive_emails, a.destination, a.traits_hash
FROM customers_customer c LEFT JOIN events_acceptedtraits a ON a.customer_id = c.id WHERE c.id = ANY (%s)
"""

# A save that has not committed yet may hold one of these customers' identifies; a round must not wait for it, nor deadlock with it.
LOCK_PATIENCE = "200ms"


class CustomerAtSegment(NamedTuple):
    """How a customer stands with the receivers: whether they may be written to, the destination (a fingerprint) that last accepted their
    traits, and the hash of these; None when none ever did."""

    reachable: bool
    destination: str | None
    traits_hash: str | None


def waiting_rows(lanes: Sequence[tuple[int, int]], most: int) -> list[OutboxRow]:
    """Up to `most` rows for each (business id, first id), oldest first within a business."""
    return _rows(
        OF_LANES, [[business for business, _ in lanes], [first for _, first in lanes], most]
    )


def identifies_for(customer_ids: Collection[int], now: datetime) -> list[OutboxRow]:
    """The waiting identifies of these customers, made now for those who have none. A customer whose row a save is just changing
    may be missing from the answer; so is one who was deleted."""
    if not customer_ids:
        return []
    ids = sorted(customer_ids)
    with suppress(LockTimeout), lock_timeout(LOCK_PATIENCE) as cursor:
        cursor.execute(ADD_IDENTIFIES, [now, ids, [new_message_id() for _ in ids]])
    return _rows(IDENTIFIES, [ids])


def customers_at_segment(customer_ids: Collection[int]) -> dict[int, CustomerAtSegment]:
    """By customer id; a customer who is gone is left out."""
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, [list(customer_ids)])
        return {
            customer_id: CustomerAtSegment(*standing)
            for customer_id, *standing in cursor.fetchall()
        }


def _rows(statement: str, params: Sequence[Any]) -> list[OutboxRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [as_outbox_row(row) for row in cursor.fetchall()]


def as_outbox_row(row: Sequence[Any]) -> OutboxRow:
    """A row of COLUMNS. Django leaves the decoding of jsonb to its fields."""
    values = list(row)
    values[OCCURRED_AT] = datetime.fromisoformat(values[OCCURRED_AT])
    values[FACTS] = json.loads(values[FACTS])
    return OutboxRow(*values)
