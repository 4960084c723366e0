"""Claiming the lanes whose turn it is, for a while: one statement, whatever the backlog."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection

from events.encryption import decrypt

# A worker that dies keeps its lanes this long; one that lives renews well before.
LEASE: Final = timedelta(seconds=30)
# Lanes taken at once at most. A hundred lanes with an event each make a good round; with hundreds of events each they would keep
# a second process idle and the lease too long, so `deliver` asks for fewer then.
MOST_LANES: Final = 100
# The floor trails what was seen by at least this, because commits do not follow ids: a row may appear below one already sent.
# A transaction open for longer is found by the look from zero, once a minute.
FLOOR_AGE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ClaimedLane:
    """A lane that is ours until the lease ends, with what is needed of its business's config."""

    business_id: int
    token: UUID
    first_id: int
    failures: int
    generation: int
    region: str
    write_key: str
    time_zone: str
    birthday_field_id: int | None


# Two ways to the businesses that have something waiting, with the first row of each. One step per such business (a loose index scan):
# next to nothing in calm times, however many businesses there are. But it walks over rows that are deleted and not yet removable.
BY_STEPS: Final = """
WITH RECURSIVE waiting AS (
    (SELECT o.business_id, o.id FROM events_outgoing o ORDER BY o.business_id, o.id LIMIT 1)
    UNION ALL
    SELECT n.business_id, n.id FROM waiting w CROSS JOIN LATERAL (
        SELECT o.business_id, o.id FROM events_outgoing o WHERE o.business_id > w.business_id ORDER BY o.business_id, o.id LIMIT 1
    ) n
)
"""
# One probe per lane from its floor on: some 7 ms for 5,000 lanes, whatever is dead below the floors, and half the cost of the steps
# when all of them have something waiting.
BY_FLOORS: Final = """
WITH waiting AS (
    SELECT l.business_id, o.id FROM events_lane l CROSS JOIN LATERAL (
        SELECT q.id FROM events_outgoing q WHERE q.business_id = l.business_id AND q.id > l.floor ORDER BY q.id LIMIT 1
    ) o
)
"""
# About where walking over the dead costs as much as probing thousands of lanes (bench `claim_ms`). They pile up only while a snapshot
# somewhere (a report, a backup) keeps autovacuum from removing them.
MANY_DEAD: Final = 20_000
DEAD: Final = "SELECT pg_stat_get_dead_tuples('events_outgoing'::regclass)"

# Whoever was taken up longest ago is next: a business with one event waits for at most one turn of the others, however much they have.
CLAIM: Final = """, due AS (
    SELECT l.business_id, w.id AS first_id, i.region, i.write_key, i.birthday_field_id
    FROM waiting w
    JOIN events_lane l ON l.business_id = w.business_id
    JOIN events_integration i ON i.business_id = w.business_id
    WHERE i.enabled AND l.stopped = '' AND l.resume_at <= %(now)s AND (l.lease_until IS NULL OR l.lease_until < %(now)s)
        AND (l.failures > 0) = %(troubled)s
    ORDER BY l.claimed_at, w.id
    LIMIT %(limit)s
    FOR UPDATE OF l SKIP LOCKED
)
UPDATE events_lane l SET
    lease_token = %(token)s, lease_until = %(until)s, claimed_at = %(now)s,
    floor = CASE WHEN l.floor_at < %(floor_before)s THEN LEAST(l.next_floor, due.first_id - 1) ELSE l.floor END,
    next_floor = CASE WHEN l.floor_at < %(floor_before)s THEN due.first_id - 1 ELSE l.next_floor END,
    floor_at = CASE WHEN l.floor_at < %(floor_before)s THEN %(now)s ELSE l.floor_at END
FROM due JOIN customers_business b ON b.id = due.business_id
WHERE l.business_id = due.business_id
RETURNING l.business_id, l.lease_token, due.first_id, l.failures, l.generation, due.region, due.write_key, b.time_zone,
    due.birthday_field_id
"""
# Claims move the floors of lanes that have something to send; these have sent a lot and then nothing. As high as ids have come by now: a
# row below that is not committed yet is older than FLOOR_AGE before it counts.
RAISE_IDLE: Final = """
UPDATE events_lane l SET floor = l.next_floor, next_floor = (SELECT last_value FROM events_outgoing_id_seq), floor_at = %(now)s
WHERE l.floor_at < %(floor_before)s AND NOT EXISTS (SELECT FROM events_outgoing o WHERE o.business_id = l.business_id)
"""
RENEW: Final = "UPDATE events_lane SET lease_until = %s WHERE lease_token = ANY (%s)"


def claim(
    now: datetime,
    limit: int,
    troubled: bool = False,
    from_zero: bool = False,
    crowded: bool = False,
) -> list[ClaimedLane]:
    """Lease up to `limit` lanes that have something to send. `troubled`: those whose last attempt failed, instead of the others.
    `crowded`: expect that a good part of all businesses has. `from_zero`: look below the lanes' floors in any case."""
    params: dict[str, Any] = {
        "now": now,
        "until": now + LEASE,
        "floor_before": now - FLOOR_AGE,
        "limit": limit,
        "token": uuid4(),
        "troubled": troubled,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            (BY_FLOORS if not from_zero and (crowded or _many_dead(cursor)) else BY_STEPS) + CLAIM,
            params,
        )
        return [_claimed(*row) for row in cursor.fetchall()]


def raise_idle_floors(now: datetime) -> None:
    """While rows that are deleted cannot be removed: keep looks from walking over those of businesses that have nothing to send."""
    with connection.cursor() as cursor:
        if _many_dead(cursor):
            cursor.execute(RAISE_IDLE, {"now": now, "floor_before": now - FLOOR_AGE})


def _many_dead(cursor: Any) -> bool:
    cursor.execute(DEAD)
    return bool(cursor.fetchone()[0] > MANY_DEAD)


def _claimed(
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


def renew(now: datetime, tokens: set[UUID]) -> None:
    """Keep lanes whose delivery is still under way."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [now + LEASE, list(tokens)])
