"""Settle what was sent, in one short transaction.

A message is logged when this transaction takes it out of the outbox. An identify that a save
replaced while it was in flight is logged unless the log has it.

The lanes are locked first. So the results of one business are written one after the other, and a
worker whose lease ended meanwhile finds this out here: the lane is another worker's, and what this
worker posted may have reached Segment after newer messages.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from events.identify import IDENTIFY
from events.models import Outcome
from events.outbox import accepted_traits, unanswered
from events.outbox.fan_out import request_identifies
from events.outbox.held import settle_held
from events.outbox.lane_order import SAME_MESSAGE, known_rows, params_of_rows
from events.outbox.lock_timeout import LockTimeout, limit_idle_time, lock_timeout
from events.outbox.read import IDENTIFY_LOCK_TIMEOUT
from events.outbox.record import record_identifies_again
from events.outbox.rows import FailedAttempt, LaneUpdate, OutboxRow, SettledMessage, Settlement
from events.outbox.take_out import take_out
from events.send_log import partitions
from events.send_log.lookup import is_logged
from events.send_log.write import write_attempts, write_log

LOCKED_ROW_PAUSE: Final = timedelta(seconds=1)
"""How long a lane pauses when a save holds one of its rows locked. A save takes less; without a
pause, the next round would read the same row again."""

# The row of an identify that a save replaced keeps the error, but not that it was unanswered: the
# message that waits now was never posted.
COUNT_FAILED: Final = f"""
WITH locked AS MATERIALIZED ({known_rows("error text", "unanswered_at timestamptz")})
UPDATE events_outgoing o SET
    attempts = o.attempts + 1, last_error = locked.error,
    unanswered_at = CASE WHEN o.message_id = locked.message_id
        THEN COALESCE(locked.unanswered_at, o.unanswered_at) ELSE o.unanswered_at END
FROM locked
WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked)) AND o.ctid = locked.place
"""
# Lanes are locked in one order, so that two transactions never wait for each other.
RELEASE_LANES: Final = """
WITH locked AS MATERIALIZED (
    SELECT business_id, log_destination FROM events_lane
    WHERE business_id = ANY (%(business_ids)s) ORDER BY business_id FOR UPDATE
)
UPDATE events_lane l SET
    lease_token = NULL, lease_until = NULL, in_flight = '{}',
    accepted_destination = CASE WHEN new.accepted_at IS NULL
        THEN l.accepted_destination ELSE new.accepted_destination END,
    log_destination = CASE WHEN new.accepted_at IS NULL
        THEN l.log_destination ELSE new.accepted_destination END,
    destination_accepted_at = COALESCE(new.accepted_at, l.destination_accepted_at),
    refused_in_row = CASE WHEN l.generation = new.generation
        THEN new.refused_in_row ELSE l.refused_in_row END,
    last_accepted_at = COALESCE(new.accepted_at, l.last_accepted_at),
    resume_at = CASE WHEN l.generation = new.generation THEN new.resume_at ELSE l.resume_at END,
    failures = CASE WHEN l.generation = new.generation THEN new.failures ELSE l.failures END,
    stopped = CASE WHEN l.generation = new.generation THEN new.stopped ELSE l.stopped END,
    stopped_at = CASE WHEN l.generation = new.generation AND new.stopped <> '' THEN new.now
                      ELSE l.stopped_at END,
    last_error = CASE WHEN l.generation = new.generation THEN new.last_error ELSE l.last_error END,
    failing_since = CASE WHEN l.generation <> new.generation THEN l.failing_since
                         WHEN new.last_error = '' THEN NULL
                         ELSE COALESCE(l.failing_since, new.now) END
FROM (
    SELECT updates.*, %(now)s::timestamptz AS now, locked.log_destination FROM unnest(
        %(business_ids)s::bigint[], %(tokens)s::uuid[], %(generations)s::int[],
        %(resume_at)s::timestamptz[], %(failures)s::int[], %(stopped)s::text[], %(errors)s::text[],
        %(accepted_at)s::timestamptz[], %(destinations)s::text[], %(refused)s::int[]
    ) AS updates (
        business_id, token, generation, resume_at, failures, stopped, last_error, accepted_at,
        accepted_destination, refused_in_row
    ) JOIN locked ON locked.business_id = updates.business_id
) new
WHERE l.business_id = new.business_id AND l.lease_token = new.token
RETURNING l.business_id, l.generation = new.generation, pg_current_xact_id()::text,
    new.log_destination <> l.log_destination
"""
# What was logged before the first row of a business counts as sent to that row's destination.
NOTE_DESTINATIONS: Final = """
INSERT INTO events_destinationuse (business_id, destination, since)
SELECT l.business_id, l.log_destination, %s FROM events_lane l WHERE l.business_id = ANY (%s)
"""
FIND_WAITING: Final = "SELECT message_id FROM events_outgoing WHERE id = ANY (%s)"
FIND_LOGGED: Final = f"""
SELECT given.message_id
FROM unnest(%(message_id)s::text[], %(business_id)s::bigint[], %(customer_id)s::bigint[])
    AS given (message_id, business_id, customer_id)
WHERE {is_logged("given")}
"""
TRANSACTION_STATUS: Final = "SELECT pg_xact_status(%s::xid8)"
PAUSE_LANES: Final = f"""
WITH still_waiting AS MATERIALIZED (
    SELECT DISTINCT business_id FROM ({known_rows(matching=SAME_MESSAGE, locking="")}) found
)
UPDATE events_lane l SET resume_at = GREATEST(l.resume_at, %(until)s)
FROM still_waiting WHERE l.business_id = still_waiting.business_id
"""


@dataclass(frozen=True, slots=True)
class ReleasedLanes:
    """The lanes that were still ours, by their businesses' ids.

    Of those that are `unchanged`, the owner has changed nothing since the claim.
    """

    lanes: frozenset[int] = frozenset()
    unchanged: frozenset[int] = frozenset()
    transaction_id: str = ""


def settle(work: Settlement, now: datetime) -> int:
    """Write the results: lanes, outbox, traits, failed attempts, held tracks, last the send log.

    After a lost connection, call it again with the same `work`: it does nothing if the first call
    was committed after all. Returns the number of messages logged.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        limit_idle_time(cursor)
        partitions.ensure(now)
        # Attempts have the time of the worker's clock, which may be wrong.
        for month in {partitions.month_of(attempt.at) for attempt in work.attempts}:
            partitions.ensure_month(month)
        released = _release_lanes(cursor, work.lane_updates, now)
        # The first call's transaction may outlive its connection: it has ended once these lanes are
        # ours.
        if work.transaction_id and _was_committed(cursor, work.transaction_id):
            return 0
        work.transaction_id = released.transaction_id
        lost = {update.business_id for update in work.lane_updates} - released.lanes
        if lost:
            work = _without_decisions(work, lost)
        taken = take_out(cursor, [item.row for item in work.settled])
        logged = _to_be_logged(cursor, work.settled, taken, lost)
        again = [row.customer_id for row in work.identify_again if row.id in taken]
        _write_traits(cursor, work, lost, again, now)
        _count_failed(cursor, work.failed_attempts)
        write_attempts(cursor, work.attempts)
        settle_held(cursor, work.held, released.unchanged, now)
        not_taken = [item.row for item in work.settled if item.row.id not in taken]
        _pause_lanes(cursor, not_taken, now + LOCKED_ROW_PAUSE)
        write_log(cursor, logged, now)
    return len(logged)


def _without_decisions(work: Settlement, lost: Collection[int]) -> Settlement:
    """Return the work without what the workers that have the `lost` lanes now decide themselves.

    What Segment accepted is kept.
    """
    return replace(
        work,
        settled=[
            item
            for item in work.settled
            if item.outcome is Outcome.ACCEPTED or item.row.business_id not in lost
        ],
        identify_again=[],
    )


def _write_traits(
    cursor: Any, work: Settlement, lost: Collection[int], again: Sequence[int], now: datetime
) -> None:
    """Write what Segment has of the customers now, and what it may have.

    `again` are customers whose identify is recorded again in any case. An identify of a lane whose
    lease ended may have reached Segment after a newer one. It is recorded again too, unless the
    worker that has the lane now sends, or sent, just these traits.
    """
    stored = [i for i in work.accepted_identifies if i.row.business_id not in lost]
    accepted_traits.store(cursor, stored)
    late_customers = sorted(set(_late_customers(cursor, work, lost))) if lost else []
    accepted_traits.mark_uncertain(cursor, [*work.uncertain_customers, *late_customers])
    unanswered.register(cursor, work.unanswered)
    record_identifies_again(cursor, again, now, attempts=0)
    if late_customers:
        _record_late(cursor, late_customers, now)


def _record_late(cursor: Any, customers: Sequence[int], now: datetime) -> None:
    """Record the identifies of these customers again, or queue that while a save holds one locked.

    All lanes of this settlement would wait for that save, and it might be waiting for us.
    """
    try:
        with lock_timeout(IDENTIFY_LOCK_TIMEOUT):
            record_identifies_again(cursor, customers, now, attempts=1)
    except LockTimeout:
        request_identifies(cursor, customers, now)


def _late_customers(cursor: Any, work: Settlement, lost: Collection[int]) -> list[int]:
    """Return the customers of whom Segment may have got older traits after newer ones."""
    posted = [identify for identify in work.posted_identifies if identify.row.business_id in lost]
    in_flight = unanswered.in_flight_traits(cursor, lost)
    return [
        identify.row.customer_id
        for identify in accepted_traits.differing(cursor, posted)
        if (identify.row.customer_id, identify.traits_hash) not in in_flight
    ]


def _was_committed(cursor: Any, transaction_id: str) -> bool:
    cursor.execute(TRANSACTION_STATUS, [transaction_id])
    return bool(cursor.fetchone()[0] == "committed")


def _count_failed(cursor: Any, failed: Sequence[FailedAttempt]) -> None:
    if failed:
        params = {
            **params_of_rows([f.row for f in failed]),
            "error": [f.error for f in failed],
            "unanswered_at": [f.unanswered_at for f in failed],
        }
        cursor.execute(COUNT_FAILED, params)


def _release_lanes(cursor: Any, updates: Sequence[LaneUpdate], now: datetime) -> ReleasedLanes:
    """Lock the lanes, and release those whose lease is still the one that is updated."""
    if not updates:
        return ReleasedLanes()
    params = {
        "now": now,
        "business_ids": [u.business_id for u in updates],
        "tokens": [u.token for u in updates],
        "generations": [u.generation for u in updates],
        "resume_at": [u.resume_at for u in updates],
        "failures": [u.failures for u in updates],
        "stopped": [u.stopped for u in updates],
        "errors": [u.last_error for u in updates],
        "accepted_at": [u.accepted_at for u in updates],
        "destinations": [u.accepted_destination for u in updates],
        "refused": [u.refused_in_row for u in updates],
    }
    cursor.execute(RELEASE_LANES, params)
    rows = cursor.fetchall()
    if elsewhere := [business_id for business_id, _, _, is_elsewhere in rows if is_elsewhere]:
        cursor.execute(NOTE_DESTINATIONS, [now, elsewhere])
    return ReleasedLanes(
        frozenset(business_id for business_id, *_ in rows),
        frozenset(business_id for business_id, is_unchanged, *_ in rows if is_unchanged),
        rows[0][2] if rows else "",
    )


def _pause_lanes(cursor: Any, rows: Sequence[OutboxRow], until: datetime) -> None:
    """Pause the lanes of those rows that still wait unchanged: a save holds these locked."""
    if rows:
        cursor.execute(PAUSE_LANES, {"until": until, **params_of_rows(rows)})


def _to_be_logged(
    cursor: Any, settled: Sequence[SettledMessage], taken: dict[int, bool], lost: Collection[int]
) -> list[SettledMessage]:
    """Return the messages that are not in the log yet.

    An accepted identify that was replaced while it was in flight is not in the outbox under its
    id. It is not in the log either, unless a worker that took over the lane logged it. While a save
    that may be rolled back holds it locked, that worker logs it later.
    """
    replaced = [
        item
        for item in settled
        if item.row.id not in taken
        and item.row.event == IDENTIFY
        and item.outcome is Outcome.ACCEPTED
    ]
    left_out: set[str] = set()
    if replaced:
        params = {
            "message_id": [item.row.message_id for item in replaced],
            "business_id": [item.row.business_id for item in replaced],
            "customer_id": [item.row.customer_id for item in replaced],
        }
        cursor.execute(FIND_LOGGED, params)
        left_out = {message_id for (message_id,) in cursor.fetchall()}
    others = [item.row.id for item in replaced if item.row.business_id in lost]
    if others:
        cursor.execute(FIND_WAITING, [others])
        left_out |= {message_id for (message_id,) in cursor.fetchall()}
    to_log = {item.row.message_id for item in replaced} - left_out
    return [item for item in settled if taken.get(item.row.id, item.row.message_id in to_log)]
