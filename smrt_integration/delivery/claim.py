"""Claim: take leases on lanes that are due. One statement, however much waits."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection

from events.destination import destination_of
from events.encryption import decrypt
from events.outbox.lane_order import bulk_rows, in_lane_order, live_rows
from events.outbox.unanswered import EndedLease

# A worker that dies keeps its lanes this long; a live one renews its leases well before.
LEASE: Final = timedelta(seconds=30)
# Lanes per claim. A hundred lanes with one event each make a good round. With hundreds of events
# each, they would leave a second process idle and outlast the lease: `deliver` then asks for fewer.
MAX_CLAIMED_LANES: Final = 100
# See MAY_RAISE. Claims walk over the deleted rows of about twice this time.
FLOOR_AGE: Final = timedelta(seconds=5)
# A destination that accepted something this recently has a write key that is right.
EVIDENCE_LASTS: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ClaimedLane:
    """A lane that is ours until its lease ends, with the settings of its business.

    `first_id` is the first waiting row, live ones before bulk ones: `is_first_bulk` says that no
    live one waits. `ended_lease` is the lease before, if it ended without being released.
    `has_unanswered` says that identifies were posted without an answer. `is_key_proven` says that
    Segment accepted this write key within 24 h, `refused_in_row` how many messages it refused alone
    since then.
    """

    business_id: int
    token: UUID
    first_id: int
    failures: int
    generation: int
    region: str
    write_key: str
    time_zone: str
    birthday_field_id: int | None
    is_first_bulk: bool = False
    ended_lease: EndedLease | None = None
    has_unanswered: bool = False
    is_key_proven: bool = False
    refused_in_row: int = 0


# There are two ways to find the businesses with waiting rows, and the first row of each, live ones
# before bulk ones.
# Stepping from business to business (a loose index scan) costs next to nothing while few have
# any, however many businesses exist. But it walks over deleted rows that cannot be removed yet.
WAITING_BY_STEPS: Final = """
WITH RECURSIVE waiting AS (
    (
        SELECT o.business_id, o.is_bulk, o.id FROM events_outgoing o
        ORDER BY o.business_id, o.is_bulk, o.id LIMIT 1
    )
    UNION ALL
    SELECT n.business_id, n.is_bulk, n.id FROM waiting w CROSS JOIN LATERAL (
        SELECT o.business_id, o.is_bulk, o.id FROM events_outgoing o
        WHERE o.business_id > w.business_id
        ORDER BY o.business_id, o.is_bulk, o.id LIMIT 1
    ) n
)
"""
# One probe per lane, from its floor on: some 10 ms for 5,000 lanes, however many deleted rows are
# below the floors, and half the cost of the steps when every lane has rows. A lane changes with
# each round, and its former versions stay as long as the deleted rows. Read backwards, the index
# has the newest version first.
WAITING_BY_FLOORS: Final = f"""
WITH waiting AS (
    SELECT i.business_id, o.is_bulk, o.id FROM events_integration i CROSS JOIN LATERAL (
        SELECT newest.* FROM events_lane newest
        WHERE newest.business_id >= i.business_id AND newest.business_id <= i.business_id
        ORDER BY newest.business_id DESC LIMIT 1
    ) l CROSS JOIN LATERAL (
        (
            SELECT FALSE AS is_bulk, q.id FROM events_outgoing q
            WHERE {live_rows("q", "l.business_id", "l.floor")}
            ORDER BY {in_lane_order("q")} LIMIT 1
        )
        UNION ALL
        (
            SELECT TRUE, q.id FROM events_outgoing q
            WHERE {bulk_rows("q", "l.business_id", "l.bulk_floor")}
            ORDER BY {in_lane_order("q")} LIMIT 1
        )
        LIMIT 1
    ) o
    WHERE i.enabled
)
"""
# About where walking over deleted rows costs as much as probing the lanes (bench `claim_ms`). They
# pile up only while a snapshot (a report, a backup) holds autovacuum back.
MANY_DEAD_ROWS: Final = 1_000
DEAD_ROWS_PER_LANE: Final = 4
HAS_MANY_DEAD_ROWS: Final = f"""
SELECT pg_stat_get_dead_tuples('events_outgoing'::regclass) > GREATEST(
    {MANY_DEAD_ROWS}, {DEAD_ROWS_PER_LANE} * pg_stat_get_live_tuples('events_lane'::regclass)
)
"""

# Lanes are served least recently claimed first: a business with one event waits for at most one
# round of each other business, however much those have.
# The floor stays behind the ids seen: commits do not follow ids, so a row may appear below one that
# was sent. A floor that was found is used once every transaction has ended that ran at that time,
# and not before FLOOR_AGE: for a moment, a row has its id before its transaction has one. Where
# none waits, the newest id is found.
XMAX: Final = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
MAY_RAISE: Final = """(l.floor_at < %(floor_before)s
        AND pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= l.next_floor_xmax)"""
NEWEST_ID: Final = "(SELECT last_value FROM events_outgoing_id_seq)"
FIRST_LIVE: Final = "CASE WHEN NOT due.is_bulk THEN due.first_id END"
FIRST_BULK: Final = f"""CASE WHEN due.is_bulk THEN due.first_id ELSE (
        SELECT q.id FROM events_outgoing q
        WHERE {bulk_rows("q", "l.business_id", "l.bulk_floor")}
        ORDER BY {in_lane_order("q")} LIMIT 1
    ) END"""
CLAIM_LANES: Final = f""", due AS (
    SELECT l.business_id, w.is_bulk, w.id AS first_id, i.region, i.write_key, i.birthday_field_id,
        l.claimed_at AS ended_claim,
        -- A worker of the previous release leaves `in_flight` of a dead one when it settles.
        CASE WHEN l.in_flight = '{{}}' THEN l.lease_until
            ELSE COALESCE(l.lease_until, l.claimed_at) END AS ended_at
    FROM waiting w
    JOIN events_lane l ON l.business_id = w.business_id
    JOIN events_integration i ON i.business_id = w.business_id
    WHERE i.enabled AND l.stopped = ''
        -- Our reading of this clock may be behind: a lane that was resumed just now is due.
        AND l.resume_at <= GREATEST(%(now)s::timestamptz, clock_timestamp())
        AND (l.lease_until IS NULL OR l.lease_until < %(now)s)
        AND (l.failures > 0) = %(failing)s
        AND NOT (w.is_bulk AND %(live_only)s)
    ORDER BY l.claimed_at, w.is_bulk, w.id
    LIMIT %(limit)s
    FOR UPDATE OF l SKIP LOCKED
)
UPDATE events_lane l SET
    lease_token = %(token)s, lease_until = %(until)s, claimed_at = %(now)s,
    floor = CASE WHEN {MAY_RAISE} THEN LEAST(l.next_floor, {FIRST_LIVE} - 1) ELSE l.floor END,
    next_floor = CASE WHEN {MAY_RAISE} THEN COALESCE({FIRST_LIVE} - 1, {NEWEST_ID})
        ELSE l.next_floor END,
    bulk_floor = CASE WHEN {MAY_RAISE} THEN LEAST(l.next_bulk_floor, {FIRST_BULK} - 1)
        ELSE l.bulk_floor END,
    next_bulk_floor = CASE WHEN {MAY_RAISE} THEN COALESCE({FIRST_BULK} - 1, {NEWEST_ID})
        ELSE l.next_bulk_floor END,
    next_floor_xmax = CASE WHEN {MAY_RAISE} THEN {XMAX} ELSE l.next_floor_xmax END,
    floor_at = CASE WHEN {MAY_RAISE} THEN %(now)s ELSE l.floor_at END
FROM due JOIN customers_business b ON b.id = due.business_id
WHERE l.business_id = due.business_id
RETURNING l.business_id, l.lease_token, due.first_id, due.is_bulk, l.failures, l.generation,
    due.region, due.write_key, b.time_zone, due.birthday_field_id, due.ended_claim, due.ended_at,
    EXISTS (SELECT FROM events_unansweredidentify u WHERE u.business_id = l.business_id),
    l.accepted_destination, l.destination_accepted_at, l.refused_in_row
"""
# Claims raise the floors of lanes with waiting rows. This raises those of lanes that sent much
# and have nothing left, to the newest id: an uncommitted row below it is older than FLOOR_AGE
# before the floor counts.
RAISE_IDLE_FLOORS: Final = f"""
UPDATE events_lane l SET
    floor = l.next_floor, next_floor = {NEWEST_ID},
    bulk_floor = l.next_bulk_floor, next_bulk_floor = {NEWEST_ID},
    next_floor_xmax = {XMAX},
    floor_at = %(now)s
WHERE {MAY_RAISE}
    AND NOT EXISTS (SELECT FROM events_outgoing o WHERE o.business_id = l.business_id)
"""
# A lane that is locked is being settled, or changed by its owner: the others do not wait for it.
RENEW_LEASES: Final = """
UPDATE events_lane l SET lease_until = %s FROM (
    SELECT business_id FROM events_lane WHERE lease_token = ANY (%s) FOR UPDATE SKIP LOCKED
) own WHERE l.business_id = own.business_id
RETURNING l.business_id, l.lease_token
"""
# The lease of a worker that died before this one may not have been looked at yet. So the lanes are
# not released: they can be claimed at once, as after any lease that ended.
END_LEASES: Final = """
UPDATE events_lane l SET lease_until = clock_timestamp() - interval '1 second' FROM (
    SELECT business_id FROM events_lane WHERE lease_token = ANY (%s)
    ORDER BY business_id FOR UPDATE
) own WHERE l.business_id = own.business_id
"""
HOLD_IN_FLIGHT: Final = """
UPDATE events_lane l SET in_flight = own.in_flight FROM (
    SELECT o.business_id, p.in_flight FROM events_lane o
    JOIN unnest(%s::bigint[], %s::uuid[], %s::jsonb[]) AS p (business_id, token, in_flight)
        ON o.business_id = p.business_id AND o.lease_token = p.token
    ORDER BY o.business_id FOR UPDATE OF o
) own WHERE l.business_id = own.business_id
RETURNING l.business_id
"""


def claim_lanes(
    now: datetime,
    limit: int,
    failing: bool = False,
    from_zero: bool = False,
    crowded: bool = False,
    live_only: bool = False,
    token: UUID | None = None,
) -> list[ClaimedLane]:
    """Lease up to `limit` lanes that are due and have waiting rows.

    `now` is the time on the database's clock. `token` names the leases, by default a new one.
    `failing` claims lanes whose last attempt failed, instead of the others. `from_zero` also looks
    below the lanes' floors. `crowded` expects that many businesses have waiting rows. `live_only`
    claims lanes in which something live waits.
    """
    params: dict[str, Any] = {
        "now": now,
        "until": now + LEASE,
        "floor_before": now - FLOOR_AGE,
        "limit": limit,
        "token": token or uuid4(),
        "failing": failing,
        "live_only": live_only,
    }
    with connection.cursor() as cursor:
        by_floors = not from_zero and (crowded or _has_many_dead_rows(cursor))
        waiting = WAITING_BY_FLOORS if by_floors else WAITING_BY_STEPS
        cursor.execute(waiting + CLAIM_LANES, params)
        return [_claimed_lane(row, now) for row in cursor.fetchall()]


def raise_idle_floors(now: datetime) -> None:
    """Raise the floors of lanes with nothing to send, while deleted rows cannot be removed.

    Claims then need not walk over the deleted rows of those lanes.
    """
    with connection.cursor() as cursor:
        if _has_many_dead_rows(cursor):
            cursor.execute(RAISE_IDLE_FLOORS, {"now": now, "floor_before": now - FLOOR_AGE})


def renew_leases(now: datetime, tokens: Collection[UUID]) -> set[tuple[int, UUID]]:
    """Extend leases. Returns business id and token of those that are extended."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW_LEASES, [now + LEASE, list(tokens)])
        return set(cursor.fetchall())


def end_leases(tokens: Collection[UUID]) -> None:
    """End these leases now: nothing was posted under them."""
    with connection.cursor() as cursor:
        cursor.execute(END_LEASES, [list(tokens)])


def hold_in_flight(lanes: Mapping[ClaimedLane, Mapping[str, tuple[int, str]]]) -> set[int]:
    """Keep which identifies of each lane are about to be posted: message id -> customer id, hash.

    Returns the ids of the businesses whose lease is still ours.
    """
    if not lanes:
        return set()
    rows = ((lane.business_id, lane.token, json.dumps(ids)) for lane, ids in lanes.items())
    with connection.cursor() as cursor:
        cursor.execute(HOLD_IN_FLIGHT, [list(column) for column in zip(*rows, strict=True)])
        return {business_id for (business_id,) in cursor.fetchall()}


def _has_many_dead_rows(cursor: Any) -> bool:
    cursor.execute(HAS_MANY_DEAD_ROWS)
    return bool(cursor.fetchone()[0])


def _claimed_lane(row: Sequence[Any], now: datetime) -> ClaimedLane:
    """Return the lane of a row of CLAIM_LANES."""
    business_id, token, first_id, is_first_bulk, failures, generation, *rest = row
    region, encrypted_key, *rest = rest
    time_zone, birthday_field_id, ended_claim, ended_at, has_unanswered, *evidence = rest
    accepted_destination, accepted_at, refused_in_row = evidence
    write_key = decrypt(encrypted_key)
    is_recent = accepted_at is not None and accepted_at >= now - EVIDENCE_LASTS
    return ClaimedLane(
        business_id,
        token,
        first_id,
        failures,
        generation,
        region,
        write_key,
        time_zone,
        birthday_field_id,
        is_first_bulk,
        EndedLease(business_id, ended_claim, ended_at) if ended_at else None,
        has_unanswered,
        is_recent and accepted_destination == destination_of(region, write_key),
        refused_in_row,
    )
