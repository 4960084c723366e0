"""Read what waits in many lanes at once, with the identify that must be sent before each message.

A customer whom Segment does not know yet gets an identify here.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection

from events.identify import IDENTIFY
from events.outbox.lane_order import (
    MAX_ID,
    MAX_TAKEN_ALONG,
    bulk_rows,
    bulk_tracks,
    in_lane_order,
    live_rows,
)
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import new_message_id
from events.outbox.rows import OutboxRow

# The time is read as text: Django's conversion takes a tenth of the time that a message costs.
OUTBOX_COLUMNS: Final = (
    "o.id, o.business_id, o.customer_id, o.user_id, o.event, o.subject_id, o.message_id, "
    "o.occurred_at::text, o.facts, o.attempts, o.unanswered_at::text, o.is_bulk"
)
OCCURRED_AT, FACTS, UNANSWERED_AT = (
    OUTBOX_COLUMNS.split(", ").index(column)
    for column in ("o.occurred_at::text", "o.facts", "o.unanswered_at::text")
)

MOST_BULK: Final = 100
"""Bulk rows that a round takes of a lane, besides those that go with live ones. A live event that
is saved meanwhile waits until the round is settled, and each request takes Segment some time."""

BEFORE_LIVE: Final = f"(CASE WHEN taken.live = %(most)s THEN taken.up_to ELSE {MAX_ID} END)"
# A row below the first that the claim saw may be visible by now, with later ones of its customer.
# None appears below the floor. One statement, so that it sees one state of the outbox.
# A bulk row is left out if a live row of the same customer may have to be sent before it: if the
# customer has live rows here, or if not all live rows are here and the last of them is older.
FIND_WAITING_ROWS: Final = f"""
WITH lane AS MATERIALIZED (
    SELECT l.business_id,
        LEAST(l.floor, CASE WHEN NOT seen.is_bulk THEN seen.first_id - 1 END) AS after,
        LEAST(l.bulk_floor, CASE WHEN seen.is_bulk THEN seen.first_id - 1 END) AS bulk_after
    FROM unnest(%(businesses)s::bigint[], %(first)s::bigint[], %(is_bulk)s::boolean[])
        AS seen (business_id, first_id, is_bulk)
    JOIN events_lane l ON l.business_id = seen.business_id
), live AS MATERIALIZED (
    SELECT o.* FROM lane CROSS JOIN LATERAL (
        SELECT * FROM events_outgoing waiting
        WHERE {live_rows("waiting", "lane.business_id", "lane.after")}
        ORDER BY {in_lane_order("waiting")} LIMIT %(most)s
    ) o
), customer AS MATERIALIZED (
    SELECT customer_id AS id, max(id) AS up_to FROM live GROUP BY customer_id
), taken AS MATERIALIZED (
    SELECT business_id, count(*) AS live, max(id) AS up_to FROM live GROUP BY business_id
)
SELECT {OUTBOX_COLUMNS} FROM live o
UNION ALL
SELECT {OUTBOX_COLUMNS} FROM customer CROSS JOIN LATERAL (
    SELECT * FROM events_outgoing track
    WHERE {bulk_tracks("track", "customer.id", "customer.up_to")}
    ORDER BY track.customer_id, track.id LIMIT {MAX_TAKEN_ALONG}
) o
UNION ALL
SELECT {OUTBOX_COLUMNS} FROM customer CROSS JOIN LATERAL (
    SELECT * FROM events_outgoing identify
    WHERE identify.customer_id = customer.id AND identify.event = '{IDENTIFY}' LIMIT 1
) o WHERE o.is_bulk AND o.id < customer.up_to
UNION ALL
SELECT {OUTBOX_COLUMNS} FROM lane LEFT JOIN taken ON taken.business_id = lane.business_id
CROSS JOIN LATERAL (
    SELECT * FROM events_outgoing waiting
    WHERE {bulk_rows("waiting", "lane.business_id", "lane.bulk_after", BEFORE_LIVE)}
        AND waiting.customer_id NOT IN (SELECT id FROM customer)
    ORDER BY {in_lane_order("waiting")}
    LIMIT LEAST(GREATEST(%(most)s - COALESCE(taken.live, 0), %(bulk_share)s), {MOST_BULK})
) o
"""
FIND_IDENTIFIES: Final = f"""
SELECT {OUTBOX_COLUMNS} FROM events_outgoing o
WHERE o.event = '{IDENTIFY}' AND o.customer_id = ANY (%s)
"""
ADD_IDENTIFIES: Final = f"""
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts, is_bulk
)
SELECT c.business_id, c.id, c.uuid, '{IDENTIFY}', c.id, new.message_id, %(now)s, '{{}}',
    new.is_bulk
FROM unnest(%(customers)s::bigint[], %(message_ids)s::text[], %(is_bulk)s::boolean[])
    AS new (customer_id, message_id, is_bulk)
JOIN customers_customer c ON c.id = new.customer_id AND c.id = ANY (%(customers)s)
ORDER BY c.id
ON CONFLICT (customer_id) WHERE event = '{IDENTIFY}' DO NOTHING
"""
# LATERAL, OFFSET 0 and LIMIT 1: PostgreSQL would otherwise read all customers, or all that is known
# of them, when it takes the ids for a large share of all.
FIND_CUSTOMERS_AT_SEGMENT: Final = """
SELECT c.id, c.email <> '' AND c.receive_emails, a.destination, a.traits_hash,
    r.destination, r.traits_hash, r.omitted, r.omitted_hash, r.refused_at, r.send_up_to
FROM unnest(%s::bigint[]) AS given (id)
CROSS JOIN LATERAL (
    SELECT customer.id, customer.email, customer.receive_emails FROM customers_customer customer
    WHERE customer.id = given.id OFFSET 0
) c
LEFT JOIN LATERAL (
    SELECT * FROM events_acceptedtraits known WHERE known.customer_id = c.id LIMIT 1
) a ON TRUE
LEFT JOIN LATERAL (
    SELECT * FROM events_refusedtraits refused WHERE refused.customer_id = c.id LIMIT 1
) r ON TRUE
"""

BULK_SHARE: Final = 1 / 5
"""Of the rows that a round takes of a lane: so bulk rows proceed however many live ones there
are."""

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


class WaitingRows(NamedTuple):
    """The rows to send next, oldest first within a business.

    Of a customer with live rows, all that is to be sent before these is among them. `more` has the
    businesses in which more rows may wait.
    """

    rows: list[OutboxRow]
    more: frozenset[int]


def waiting_rows(lanes: Sequence[tuple[int, int, bool]], most: int) -> WaitingRows:
    """Return up to `most` live rows of each lane, and up to `most` in all with bulk ones.

    Bulk rows have a share of their own, and a live row takes its customer's earlier ones along, so
    a lane can have more. `lanes` has business id, first id and whether that is a bulk row.
    """
    businesses = [business for business, _, _ in lanes]
    bulk_share = max(1, int(most * BULK_SHARE))
    params: dict[str, Any] = {
        "businesses": businesses,
        "first": [first for _, first, _ in lanes],
        "is_bulk": [is_bulk for _, _, is_bulk in lanes],
        "most": most,
        "bulk_share": bulk_share,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND_WAITING_ROWS, params)
        rows = sorted(map(as_outbox_row, cursor.fetchall()), key=attrgetter("id"))
    live = Counter(row.business_id for row in rows if not row.is_bulk)
    with_live = {row.customer_id for row in rows if not row.is_bulk}
    bulk = Counter(row.business_id for row in rows if row.customer_id not in with_live)
    more = {
        business
        for business in businesses
        if live[business] == most
        or bulk[business] == min(max(most - live[business], bulk_share), MOST_BULK)
    }
    left_out = _too_many_taken_along(rows, most)
    more |= {row.business_id for row in left_out}
    ids = {row.id for row in left_out}
    return WaitingRows([row for row in rows if row.id not in ids], frozenset(more))


def _too_many_taken_along(rows: Sequence[OutboxRow], most: int) -> list[OutboxRow]:
    """Return the rows of customers with live rows that wait for the next round.

    `rows` are in the order of their ids. What comes after the MAX_TAKEN_ALONG bulk events of a
    customer waits: further ones may be before it. So do customers whose first live row comes after
    `most` bulk events of the business were taken along.
    """
    along = Counter(row.customer_id for row in rows if row.is_bulk and row.event != IDENTIFY)
    taken = Counter[int]()
    waits: dict[int, bool] = {}
    for row in rows:
        if not row.is_bulk and row.customer_id not in waits:
            waits[row.customer_id] = taken[row.business_id] >= most
            taken[row.business_id] += along[row.customer_id]
    passed = Counter[int]()
    later: list[OutboxRow] = []
    for row in rows:
        customer = row.customer_id
        if customer not in waits:
            continue
        is_track = row.event != IDENTIFY
        if waits[customer] or (is_track and passed[customer] == MAX_TAKEN_ALONG):
            later.append(row)
        elif is_track and row.is_bulk:
            passed[customer] += 1
    return later


def identifies_for(
    business_of: Mapping[int, int], now: datetime, live: Collection[int] = ()
) -> list[OutboxRow]:
    """Return the waiting identifies of these customers, after adding those that are missing.

    `business_of` has the business id of each customer, `live` the customers whose identify is not
    bulk. A deleted customer is left out. While a save is changing the row of one customer, all
    customers of the same business may be.
    """
    if not business_of:
        return []
    try:
        _add_identifies(business_of, now, live)
    except LockTimeout:
        customers: dict[int, list[int]] = defaultdict(list)
        for customer_id, business_id in business_of.items():
            customers[business_id].append(customer_id)
        for ids in customers.values():
            with suppress(LockTimeout):
                _add_identifies(ids, now, live)
    return waiting_identifies(business_of)


def _add_identifies(customer_ids: Collection[int], now: datetime, live: Collection[int]) -> None:
    ids = sorted(customer_ids)
    params: dict[str, Any] = {
        "now": now,
        "customers": ids,
        "message_ids": [new_message_id() for _ in ids],
        "is_bulk": [id_ not in live for id_ in ids],
    }
    with lock_timeout(IDENTIFY_LOCK_TIMEOUT) as cursor:
        cursor.execute(ADD_IDENTIFIES, params)


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
    values[FACTS] = orjson.loads(values[FACTS])
    if values[UNANSWERED_AT]:
        values[UNANSWERED_AT] = datetime.fromisoformat(values[UNANSWERED_AT])
    return OutboxRow(*values)
