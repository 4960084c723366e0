"""Read what waits in many lanes at once, with the identify that must be sent before each message.

A customer whom Segment does not know yet gets an identify here.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from events.identify import IDENTIFY
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import new_message_id
from events.outbox.rows import OutboxRow

# The time is read as text: Django's conversion takes a tenth of the time that a message costs.
OUTBOX_COLUMNS: Final = (
    "o.id, o.business_id, o.customer_id, o.user_id, o.event, o.subject_id, o.message_id, "
    "o.occurred_at::text, o.facts, o.attempts, o.unanswered_at::text"
)
OCCURRED_AT, FACTS, UNANSWERED_AT = (
    OUTBOX_COLUMNS.split(", ").index(column)
    for column in ("o.occurred_at::text", "o.facts", "o.unanswered_at::text")
)

# A row below the first that the claim saw may be visible by now, with later ones of its customer.
# None appears below the floor.
FIND_WAITING_ROWS: Final = f"""
SELECT {OUTBOX_COLUMNS} FROM unnest(%s::bigint[], %s::bigint[]) AS lane (business_id, first_id)
JOIN events_lane l ON l.business_id = lane.business_id
CROSS JOIN LATERAL (
    SELECT * FROM events_outgoing waiting
    WHERE waiting.business_id = lane.business_id AND waiting.id > LEAST(lane.first_id - 1, l.floor)
    ORDER BY waiting.id LIMIT %s
) o
"""
FIND_IDENTIFIES: Final = f"""
SELECT {OUTBOX_COLUMNS} FROM events_outgoing o
WHERE o.event = '{IDENTIFY}' AND o.customer_id = ANY (%s)
"""
ADD_IDENTIFIES: Final = f"""
INSERT INTO events_outgoing
    (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT c.business_id, c.id, c.uuid, '{IDENTIFY}', c.id, new.message_id, %s, '{{}}'
FROM unnest(%s::bigint[], %s::text[]) AS new (customer_id, message_id)
JOIN customers_customer c ON c.id = new.customer_id
ORDER BY c.id
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}' DO NOTHING
"""
FIND_CUSTOMERS_AT_SEGMENT: Final = """
SELECT c.id, c.email <> '' AND c.receive_emails, a.destination, a.traits_hash,
    r.destination, r.traits_hash, r.omitted, r.omitted_hash, r.refused_at, r.send_up_to
FROM customers_customer c LEFT JOIN events_acceptedtraits a ON a.customer_id = c.id
LEFT JOIN events_refusedtraits r ON r.customer_id = c.id
WHERE c.id = ANY (%s)
"""

IDENTIFY_LOCK_TIMEOUT: Final = "200ms"
"""Shorter than LOCK_TIMEOUT: a round serves many businesses, and one customer whose identify a save
holds locked must not keep the others waiting."""


class RefusedBefore(NamedTuple):
    """What a destination refused of a customer's traits, as in RefusedTraits."""

    destination: str
    traits_hash: str
    omitted: list[str]
    omitted_hash: str
    refused_at: datetime
    send_up_to: int


class CustomerAtSegment(NamedTuple):
    """What Segment has of a customer, and whether the customer may get emails.

    `destination` is the fingerprint of the destination that last accepted the customer's traits,
    `traits_hash` the hash of these traits. Both are None when Segment never accepted any.
    """

    reachable: bool
    destination: str | None
    traits_hash: str | None
    refused: RefusedBefore | None = None

    def refused_at(self, destination: str) -> RefusedBefore | None:
        """Return what this destination refused, whether or not it accepted other traits."""
        return self.refused if self.refused and self.refused.destination == destination else None


def waiting_rows(lanes: Sequence[tuple[int, int]], most: int) -> list[OutboxRow]:
    """Return up to `most` rows for each (business id, first id), oldest first within a business."""
    business_ids, first_ids = [business for business, _ in lanes], [first for _, first in lanes]
    return _rows(FIND_WAITING_ROWS, [business_ids, first_ids, most])


def identifies_for(business_of: Mapping[int, int], now: datetime) -> list[OutboxRow]:
    """Return the waiting identifies of these customers, after adding those that are missing.

    `business_of` has the business id of each customer. A deleted customer is left out, and those of
    a business may be while a save is changing the row of one of them.
    """
    if not business_of:
        return []
    try:
        _add_identifies(business_of, now)
    except LockTimeout:
        customers: dict[int, list[int]] = defaultdict(list)
        for customer_id, business_id in business_of.items():
            customers[business_id].append(customer_id)
        for ids in customers.values():
            with suppress(LockTimeout):
                _add_identifies(ids, now)
    return waiting_identifies(business_of)


def _add_identifies(customer_ids: Collection[int], now: datetime) -> None:
    ids = sorted(customer_ids)
    with lock_timeout(IDENTIFY_LOCK_TIMEOUT) as cursor:
        cursor.execute(ADD_IDENTIFIES, [now, ids, [new_message_id() for _ in ids]])


def waiting_identifies(customer_ids: Collection[int]) -> list[OutboxRow]:
    """Return the waiting identifies of these customers."""
    return _rows(FIND_IDENTIFIES, [sorted(customer_ids)]) if customer_ids else []


def customers_at_segment(customer_ids: Collection[int]) -> dict[int, CustomerAtSegment]:
    """Return what Segment has, by customer id. Deleted customers are left out."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_CUSTOMERS_AT_SEGMENT, [list(customer_ids)])
        return {row[0]: _customer_at_segment(*row[1:]) for row in cursor.fetchall()}


def _customer_at_segment(
    reachable: bool, destination: str | None, traits_hash: str | None, *refused: Any
) -> CustomerAtSegment:
    before = RefusedBefore(*refused) if refused[0] is not None else None
    return CustomerAtSegment(reachable, destination, traits_hash, before)


def _rows(statement: str, params: Sequence[Any]) -> list[OutboxRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [as_outbox_row(row) for row in cursor.fetchall()]


def as_outbox_row(row: Sequence[Any]) -> OutboxRow:
    """Return the row of OUTBOX_COLUMNS as an OutboxRow. Django's cursors do not decode jsonb."""
    values = list(row)
    values[OCCURRED_AT] = datetime.fromisoformat(values[OCCURRED_AT])
    values[FACTS] = json.loads(values[FACTS])
    if values[UNANSWERED_AT]:
        values[UNANSWERED_AT] = datetime.fromisoformat(values[UNANSWERED_AT])
    return OutboxRow(*values)
