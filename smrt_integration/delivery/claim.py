"""Claim: take leases on lanes that are due. One statement, however much waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection

from events.encryption import decrypt

# A worker that dies keeps its lanes this long; a live one renews its leases well before.
LEASE: Final = timedelta(seconds=30)
# Lanes per claim. A hundred lanes with one event each make a good round. With hundreds of events
# each, they would leave a second process idle and outlast the lease: `deliver` then asks for fewer.
MAX_CLAIMED_LANES: Final = 100
# The floor stays at least this far behind the ids seen: commits do not follow ids, so a row may
# appear below one that was sent. Rows of longer transactions are found from zero, once a minute.
FLOOR_AGE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ClaimedLane:
    """A lane that is ours until its lease ends, with the settings of its business."""

    business_id: int
    token: UUID
    first_id: int
    failures: int
    generation: int
    region: str
    write_key: str
    time_zone: str
    birthday_field_id: int | None


# There are two ways to find the businesses with waiting rows, and the first row of each.
# Stepping from business to business (a loose index scan) costs next to nothing while few have
# any, however many businesses exist. But it walks over deleted rows that cannot be removed yet.
WAITING_BY_STEPS: Final = """
WITH RECURSIVE waiting AS (
    (SELECT o.business_id, o.id FROM events_outgoing o ORDER BY o.business_id, o.id LIMIT 1)
    UNION ALL
    SELECT n.business_id, n.id FROM waiting w CROSS JOIN LATERAL (
        SELECT o.business_id, o.id FROM events_outgoing o WHERE o.business_id > w.business_id
        ORDER BY o.business_id, o.id LIMIT 1
    ) n
)
"""
# One probe per lane, from its floor on: some 7 ms for 5,000 lanes, however many deleted rows are
# below the floors, and half the cost of the steps when every lane has rows.
WAITING_BY_FLOORS: Final = """
WITH waiting AS (
    SELECT l.business_id, o.id FROM events_lane l CROSS JOIN LATERAL (
        SELECT q.id FROM events_outgoing q WHERE q.business_id = l.business_id AND q.id > l.floor
        ORDER BY q.id LIMIT 1
    ) o
)
"""
# About where walking over deleted rows costs as much as probing thousands of lanes (bench
# `claim_ms`). They pile up only while a snapshot (a report, a backup) holds autovacuum back.
MANY_DEAD_ROWS: Final = 20_000
COUNT_DEAD_ROWS: Final = "SELECT pg_stat_get_dead_tuples('events_outgoing'::regclass)"

# Lanes are served least recently claimed first: a business with one event waits for at most one
# round of each other business, however much those have.
CLAIM_LANES: Final = """, due AS (
    SELECT l.business_id, w.id AS first_id, i.region, i.write_key, i.birthday_field_id
    FROM waiting w
    JOIN events_lane l ON l.business_id = w.business_id
    JOIN events_integration i ON i.business_id = w.business_id
    WHERE i.enabled AND l.stopped = '' AND l.resume_at <= %(now)s
        AND (l.lease_until IS NULL OR l.lease_until < %(now)s)
        AND (l.failures > 0) = %(failing)s
    ORDER BY l.claimed_at, w.id
    LIMIT %(limit)s
    FOR UPDATE OF l SKIP LOCKED
)
UPDATE events_lane l SET
    lease_token = %(token)s, lease_until = %(until)s, claimed_at = %(now)s,
    floor = CASE WHEN l.floor_at < %(floor_before)s
        THEN LEAST(l.next_floor, due.first_id - 1) ELSE l.floor END,
    next_floor = CASE WHEN l.floor_at < %(floor_before)s
        THEN due.first_id - 1 ELSE l.next_floor END,
    floor_at = CASE WHEN l.floor_at < %(floor_before)s THEN %(now)s ELSE l.floor_at END
FROM due JOIN customers_business b ON b.id = due.business_id
WHERE l.business_id = due.business_id
RETURNING l.business_id, l.lease_token, due.first_id, l.failures, l.generation, due.region,
    due.write_key, b.time_zone, due.birthday_field_id
"""
# Claims raise the floors of lanes with waiting rows. This raises those of lanes that sent much
# and have nothing left, to the newest id: an uncommitted row below it is older than FLOOR_AGE
# before the floor counts.
RAISE_IDLE_FLOORS: Final = """
UPDATE events_lane l SET
    floor = l.next_floor,
    next_floor = (SELECT last_value FROM events_outgoing_id_seq),
    floor_at = %(now)s
WHERE l.floor_at < %(floor_before)s
    AND NOT EXISTS (SELECT FROM events_outgoing o WHERE o.business_id = l.business_id)
"""
RENEW_LEASES: Final = "UPDATE events_lane SET lease_until = %s WHERE lease_token = ANY (%s)"


def claim_lanes(
    now: datetime,
    limit: int,
    failing: bool = False,
    from_zero: bool = False,
    crowded: bool = False,
) -> list[ClaimedLane]:
    """Lease up to `limit` lanes that are due and have waiting rows.

    `failing` claims lanes whose last attempt failed, instead of the others. `from_zero` also looks
    below the lanes' floors. `crowded` expects that many businesses have waiting rows.
    """
    params: dict[str, Any] = {
        "now": now,
        "until": now + LEASE,
        "floor_before": now - FLOOR_AGE,
        "limit": limit,
        "token": uuid4(),
        "failing": failing,
    }
    with connection.cursor() as cursor:
        by_floors = not from_zero and (crowded or _has_many_dead_rows(cursor))
        waiting = WAITING_BY_FLOORS if by_floors else WAITING_BY_STEPS
        cursor.execute(waiting + CLAIM_LANES, params)
        return [_claimed_lane(*row) for row in cursor.fetchall()]


def raise_idle_floors(now: datetime) -> None:
    """Raise the floors of lanes with nothing to send, while deleted rows cannot be removed.

    Claims then need not walk over the deleted rows of those lanes.
    """
    with connection.cursor() as cursor:
        if _has_many_dead_rows(cursor):
            cursor.execute(RAISE_IDLE_FLOORS, {"now": now, "floor_before": now - FLOOR_AGE})


def renew_leases(now: datetime, tokens: set[UUID]) -> None:
    """Extend the leases of lanes whose messages are still in flight."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW_LEASES, [now + LEASE, list(tokens)])


def _has_many_dead_rows(cursor: Any) -> bool:
    cursor.execute(COUNT_DEAD_ROWS)
    return bool(cursor.fetchone()[0] > MANY_DEAD_ROWS)


def _claimed_lane(
    business_id: int,
    token: UUID,
    first_id: int,
    failures: int,
    generation: int,
    region: str,
    write_key: str,
    *rest: Any,
) -> ClaimedLane:
    return ClaimedLane(
        business_id, token, first_id, failures, generation, region, decrypt(write_key), *rest
    )
