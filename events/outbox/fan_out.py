"""Fan out: write an identify for each customer whom one changed row concerns.

The row is a brand, agent, group, discount, custom field or the business. It may concern a hundred
thousand customers, so the save writes one row, and a worker writes the identifies in chunks.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from customers.budget import NO_TIME_LIMIT, Budget
from customers.by_index import by_index
from events import wake
from events.identify import IDENTIFY
from events.models import TraitChange
from events.outbox.lane_order import MAX_ID, bulk_tracks, live_rows
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import record_from_query, record_identifies_again

CUSTOMERS_CONCERNED: Final[dict[str, str]] = {
    "agent": "c.agent_id = %(related_id)s",
    "brand": "c.brand_id = %(related_id)s",
    "business": "TRUE",
    "custom_field": (
        "EXISTS (SELECT FROM customers_customfieldvalue v "
        "WHERE v.customer_id = c.id AND v.field_id = %(related_id)s)"
    ),
    "discount": "c.discount_id = %(related_id)s",
    "group": "c.group_id = %(related_id)s",
}
"""Relation -> the condition on a customer `c` that the changed row concerns."""

# Only customers whom Segment knows or refused, or will know once the outbox is sent. Others are
# identified with fresh traits when their first event is sent, and each identify is billed. Waiting
# and accepted identifies are read in one snapshot, so that one in flight is not overlooked.
#
# Each customer is looked up by a key: EXISTS lets PostgreSQL read and hash a whole table. Only the
# business's live rows are read once, if nothing else is known of a customer. Few of them wait.
IDENTIFY_KNOWN_CUSTOMERS: Final = f"""
occurrences AS (
    SELECT c.business_id, c.id AS customer_id, '{IDENTIFY}' AS event, c.id AS subject_id,
        %(occurred_at)s::timestamptz AS occurred_at, '{{}}'::jsonb AS facts
    FROM customers c
    WHERE (SELECT TRUE FROM events_acceptedtraits a WHERE a.customer_id = c.id)
        OR (SELECT TRUE FROM events_refusedtraits r WHERE r.customer_id = c.id)
        OR (
            SELECT TRUE FROM events_outgoing o
            WHERE o.customer_id = c.id AND o.event = '{IDENTIFY}'
        )
        OR (
            SELECT TRUE FROM events_outgoing o WHERE {bulk_tracks("o", "c.id", before=MAX_ID)}
            LIMIT 1
        )
        OR c.id IN (
            SELECT o.customer_id FROM events_outgoing o
            WHERE {live_rows("o", "%(business_id)s")}
        )
)
"""
# The conditions are a range of the index `customer_by_business`, and the order is the index's own:
# a chunk reads on from where the last one ended.
NEXT_CUSTOMERS: Final = f"""
customers AS MATERIALIZED (
    SELECT c.id, c.business_id FROM customers_customer c
    WHERE (c.business_id, c.id) > (%(business_id)s, %(after_id)s)
        AND (c.business_id, c.id) <= (%(business_id)s, {MAX_ID}) AND {{concerned}}
    ORDER BY c.business_id, c.id LIMIT %(chunk_size)s
), moved AS (
    UPDATE events_traitchange SET after_id = (SELECT max(id) FROM customers)
    WHERE id = %(id)s AND EXISTS (SELECT FROM customers)
)
"""
THESE_CUSTOMERS: Final = """
customers AS (
    SELECT c.id, c.business_id FROM customers_customer c
    WHERE c.business_id = %(business_id)s AND c.id = ANY (%(customer_ids)s)
)
"""
INSERT_CHANGE: Final = """
INSERT INTO events_traitchange (business_id, relation, related_id, occurred_at, after_id)
SELECT i.business_id, %s, %s, %s, 0 FROM events_integration i
WHERE i.business_id = %s AND i.enabled
"""

CUSTOMER: Final = "customer"
"""Relation of a change that concerns one customer, whose identify is recorded in any case."""

INSERT_CUSTOMERS: Final = """
INSERT INTO events_traitchange (business_id, relation, related_id, occurred_at, after_id)
SELECT c.business_id, %s, c.id, %s, 0 FROM customers_customer c WHERE c.id = ANY (%s)
"""

FAN_OUT_CHUNK_SIZE: Final = 500
"""Customers per transaction: a save may wait for as long as it takes (bench `fan_out_chunk_ms`)."""


def request_fan_out(business_id: int, relation: str, related_id: int) -> None:
    """Queue identifies for the customers whom this row concerns.

    Call it in the transaction that changes the row. Does nothing for a business that is switched
    off.
    """
    with connection.cursor() as cursor:
        cursor.execute(INSERT_CHANGE, [relation, related_id, timezone.now(), business_id])


def request_identifies(cursor: Any, customer_ids: Sequence[int], now: datetime) -> None:
    """Queue an identify for each of these customers, for when a save holds theirs locked.

    It is sent in any case, as Segment may have other traits than we know of.
    """
    cursor.execute(INSERT_CUSTOMERS, [CUSTOMER, now, list(customer_ids)])


def identify_known_customers(business_id: int, customer_ids: list[int], now: datetime) -> int:
    """Record an identify for each of these customers whom Segment knows.

    Returns the number of identifies recorded.
    """
    params = {"business_id": business_id, "customer_ids": customer_ids, "occurred_at": now}
    query = f"{THESE_CUSTOMERS}, {IDENTIFY_KNOWN_CUSTOMERS}"
    return record_from_query(query, params) if customer_ids else 0


def fan_out_all(budget: Budget = NO_TIME_LIMIT) -> int:
    """Fan out the changes that wait, oldest first. Returns the number of chunks written.

    If a long save locks the customers of one change, that change is retried next time; the others
    proceed.
    """
    change_ids = TraitChange.objects.order_by("id").values_list("id", flat=True)
    return sum(_fan_out(change_id, budget) for change_id in budget.over(change_ids))


def _fan_out(change_id: int, budget: Budget) -> int:
    chunks = 0
    with suppress(LockTimeout):
        while fan_out_chunk(change_id):
            chunks += 1
            if budget.is_spent():
                break
    return chunks


def fan_out_chunk(change_id: int) -> bool:
    """Write the next chunk of identifies.

    Returns False when nothing is left, or another worker has the change. Raises LockTimeout.
    """
    with lock_timeout() as cursor, by_index():
        changes = TraitChange.objects.select_for_update(skip_locked=True)
        change = changes.filter(pk=change_id).first()
        if change is None:
            return False
        if change.relation == CUSTOMER:
            record_identifies_again(cursor, [change.related_id], change.occurred_at, attempts=1)
            wake.after_commit()
            change.delete()
            return False
        after = change.after_id
        next_customers = NEXT_CUSTOMERS.format(concerned=CUSTOMERS_CONCERNED[change.relation])
        record_from_query(f"{next_customers}, {IDENTIFY_KNOWN_CUSTOMERS}", _params(change))
        change.refresh_from_db(fields=["after_id"])
        if change.after_id == after:
            change.delete()
    return True


def _params(change: TraitChange) -> dict[str, Any]:
    return {
        "id": change.pk,
        "business_id": change.business_id,
        "related_id": change.related_id,
        "after_id": change.after_id,
        "occurred_at": change.occurred_at,
        "chunk_size": FAN_OUT_CHUNK_SIZE,
    }
