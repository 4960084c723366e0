"""Hold the tracks of a customer whose identify Segment refused, until it accepts one.

Settling moves such tracks from the outbox to a table of their own, with their ids. So they are in
nobody's way: no claim looks at them, and they fill no lane's part of a round. The settling that
accepts an identify moves them back, and they are sent in their old order.

A customer has held tracks only while there is a row of refused traits at the destination that did
not accept the customer. `release_settled` repairs what a worker without a lease may have missed.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from django.db import connection, transaction

from events import wake
from events.outbox.lane_order import known_rows, params_of_rows
from events.outbox.read import OUTBOX_COLUMNS, as_outbox_row
from events.outbox.rows import HeldWork, OutboxRow, Refusal

HELD_COLUMNS: Final = (
    "id, business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts, "
    "is_bulk, recorded_at, attempts, unanswered_at, last_error"
)
"""The columns of the outbox that a held track keeps."""

ALL_WAITING: Final = f"""(
    SELECT {HELD_COLUMNS}, NULL::timestamptz AS held_at FROM events_outgoing
    UNION ALL SELECT {HELD_COLUMNS}, held_at FROM events_heldtrack
)"""
"""The outbox and the held tracks, for pages. PostgreSQL merges the two by their indexes."""

ALL_WAITING_OF_BUSINESS: Final = f"""(
    SELECT {HELD_COLUMNS}, NULL::timestamptz AS held_at FROM events_outgoing WHERE NOT is_bulk
    UNION ALL
    SELECT {HELD_COLUMNS}, NULL::timestamptz AS held_at FROM events_outgoing WHERE is_bulk
    UNION ALL SELECT {HELD_COLUMNS}, held_at FROM events_heldtrack
)"""
"""The same for pages of one business, whose live and bulk rows are in order each by themselves."""

STORE_REFUSALS: Final = """
INSERT INTO events_refusedtraits AS r (customer_id, business_id, destination, traits_hash, omitted,
    omitted_hash, reason, refused_at, send_up_to)
SELECT new.customer_id, new.business_id, new.destination, new.traits_hash,
    ARRAY(SELECT jsonb_array_elements_text(new.omitted)), new.omitted_hash, new.reason, %s, 0
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::jsonb[], %s::text[], %s::text[])
    AS new (customer_id, business_id, destination, traits_hash, omitted, omitted_hash, reason)
JOIN customers_customer c ON c.id = new.customer_id
ORDER BY new.customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    destination = EXCLUDED.destination, traits_hash = EXCLUDED.traits_hash,
    omitted = EXCLUDED.omitted, omitted_hash = EXCLUDED.omitted_hash, reason = EXCLUDED.reason,
    refused_at = EXCLUDED.refused_at,
    send_up_to = CASE WHEN r.destination = EXCLUDED.destination THEN r.send_up_to ELSE 0 END
"""
REFUSED_ROWS: Final = known_rows(
    matching="""EXISTS (
        SELECT FROM events_refusedtraits r WHERE r.customer_id = waiting.customer_id
    )"""
)
# Only tracks of customers whose refusal is stored: one of a customer who was deleted meanwhile
# stays in the outbox, and is sent like every event of a deleted customer.
HOLD: Final = f"""
WITH locked AS MATERIALIZED ({REFUSED_ROWS}), held AS (
    DELETE FROM events_outgoing o WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
    RETURNING o.*
)
INSERT INTO events_heldtrack ({HELD_COLUMNS}, held_at)
SELECT {HELD_COLUMNS}, %(now)s FROM held
"""
# A lane's search begins at its floor, which may be above these ids by now.
RELEASE: Final = f"""
WITH released AS (
    DELETE FROM events_heldtrack h WHERE {{condition}} RETURNING h.*
), added AS (
    INSERT INTO events_outgoing ({HELD_COLUMNS})
    SELECT {HELD_COLUMNS} FROM released ORDER BY id
    RETURNING business_id, id
), lowered AS (
    UPDATE events_lane l SET
        floor = LEAST(l.floor, oldest.id - 1), next_floor = LEAST(l.next_floor, oldest.id - 1),
        bulk_floor = LEAST(l.bulk_floor, oldest.id - 1),
        next_bulk_floor = LEAST(l.next_bulk_floor, oldest.id - 1)
    FROM (SELECT business_id, min(id) AS id FROM added GROUP BY business_id) oldest
    WHERE l.business_id = oldest.business_id
)
SELECT count(*) FROM added
"""
RELEASE_CUSTOMERS: Final = RELEASE.format(condition="h.customer_id = ANY (%s)")
RELEASE_BUSINESS: Final = RELEASE.format(condition="h.business_id = %s")
# Their customer was deleted, or Segment accepted an identify although the lease was lost.
IS_SETTLED: Final = """NOT EXISTS (
    SELECT FROM events_refusedtraits r WHERE r.customer_id = h.customer_id
    AND NOT EXISTS (
        SELECT FROM events_acceptedtraits a
        WHERE a.customer_id = r.customer_id AND a.destination = r.destination
    )
)"""
FIND_SETTLED: Final = f"""
SELECT DISTINCT h.business_id FROM events_heldtrack h WHERE {IS_SETTLED} ORDER BY h.business_id
"""
RELEASE_SETTLED: Final = RELEASE.format(condition=f"h.business_id = %s AND {IS_SETTLED}")
# As settling does: else the two could wait for each other.
LOCK_LANE_FIRST: Final = "SELECT FROM events_lane WHERE business_id = %s FOR UPDATE"
NEXT_CHOSEN: Final = """
SELECT n.id FROM events_heldtrack n
WHERE n.business_id = %s AND n.customer_id = ANY (%s) AND n.id <= %s
ORDER BY n.id LIMIT %s FOR UPDATE OF n SKIP LOCKED
"""
RELEASE_CHOSEN: Final = RELEASE.format(condition=f"h.id IN ({NEXT_CHOSEN})")
TAKE_OUT_CHOSEN: Final = f"""
WITH chosen AS ({NEXT_CHOSEN})
DELETE FROM events_heldtrack o USING chosen WHERE o.id = chosen.id RETURNING {OUTBOX_COLUMNS}
"""
ALLOW_TO_SEND: Final = """
UPDATE events_refusedtraits SET send_up_to = GREATEST(send_up_to, %s) WHERE customer_id = ANY (%s)
"""
FORGET_HASHES: Final = """
UPDATE events_refusedtraits SET traits_hash = '', omitted_hash = '' WHERE customer_id = ANY (%s)
"""
FORGET_REFUSALS: Final = "DELETE FROM events_refusedtraits WHERE customer_id = ANY (%s)"
FORGET_REFUSALS_OF_BUSINESS: Final = "DELETE FROM events_refusedtraits WHERE business_id = %s"


def settle_held(cursor: Any, work: HeldWork, own: Collection[int], now: datetime) -> None:
    """Write this part of a settlement, in its transaction, which has locked the lanes.

    `own` are the businesses whose lane still had our lease and no change of its owner. For others,
    nothing is held: a new worker may have sent an identify, or it may be another destination now.
    """
    _store_refusals(cursor, [item for item in work.refusals if item.business_id in own], now)
    if work.to_hold:
        rows = [row for row in work.to_hold if row.business_id in own]
        cursor.execute(HOLD, {"now": now, **params_of_rows(rows)})
    if work.accepted_whole:
        cursor.execute(FORGET_REFUSALS, [work.accepted_whole])
    if work.identified:
        cursor.execute(RELEASE_CUSTOMERS, [work.identified])


def start_afresh(business_id: int) -> int:
    """Forget what was refused, and put all held tracks of the business back into the outbox.

    For another destination, and after switching on: what Segment takes may have changed. Returns
    the number of tracks.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_LANE_FIRST, [business_id])
        cursor.execute(FORGET_REFUSALS_OF_BUSINESS, [business_id])
        return _release(cursor, RELEASE_BUSINESS, business_id)


def release_anyway(business_id: int, customer_ids: list[int], up_to: int, most: int) -> int:
    """Put these customers' oldest held tracks up to this id back, to be sent without an identify.

    Returns the number of tracks, up to `most`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_LANE_FIRST, [business_id])
        cursor.execute(ALLOW_TO_SEND, [up_to, customer_ids])
        return _release(cursor, RELEASE_CHOSEN, business_id, customer_ids, up_to, most)


def take_out_held(
    cursor: Any, business_id: int, customer_ids: list[int], up_to: int, most: int
) -> list[OutboxRow]:
    """Delete these customers' oldest held tracks up to this id, and return them."""
    cursor.execute(TAKE_OUT_CHOSEN, [business_id, customer_ids, up_to, most])
    return sorted((as_outbox_row(row) for row in cursor.fetchall()), key=attrgetter("id"))


def release_settled() -> int:
    """Put held tracks that nothing holds any more back into the outbox. Returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_SETTLED)
        return sum(_release_settled_of(business_id) for (business_id,) in cursor.fetchall())


def _release_settled_of(business_id: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_LANE_FIRST, [business_id])
        return _release(cursor, RELEASE_SETTLED, business_id)


def forget_hashes(cursor: Any, customer_ids: Collection[int]) -> None:
    """Let these customers' traits be posted again as a whole: an owner asked for it."""
    if customer_ids:
        cursor.execute(FORGET_HASHES, [sorted(customer_ids)])


def _store_refusals(cursor: Any, refusals: Sequence[Refusal], now: datetime) -> None:
    if not refusals:
        return
    rows = (
        (
            r.customer_id,
            r.business_id,
            r.destination,
            r.traits_hash,
            # PostgreSQL has no arrays of lists of different lengths
            json.dumps(r.omitted),
            r.omitted_hash,
            r.reason,
        )
        for r in refusals
    )
    cursor.execute(STORE_REFUSALS, [now, *(list(column) for column in zip(*rows, strict=True))])


def _release(cursor: Any, statement: str, *params: Any) -> int:
    cursor.execute(statement, params)
    released = int(cursor.fetchone()[0])
    if released:
        wake.after_commit()
    return released
