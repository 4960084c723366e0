"""Settle what was sent, in one short transaction.

A message is logged when this transaction takes it out of the outbox. When another worker took over
the lease, the second settling finds no row and logs nothing. An identify that a save replaced while
it was in flight is logged when its traits are stored as the ones that Segment has.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from events.identify import IDENTIFY
from events.outbox.held import settle_held
from events.outbox.lock_timeout import limit_idle_time
from events.outbox.rows import (
    AcceptedIdentify,
    LaneUpdate,
    OutboxRow,
    SettledMessage,
    Settlement,
)
from events.send_log import partitions
from events.send_log.write import write_attempts, write_log

LOCKED_ROW_PAUSE: Final = timedelta(seconds=1)
"""How long a lane pauses when a save holds one of its rows locked. A save takes less; without a
pause, the next round would read the same row again."""

# Locked rows are skipped: a save that is replacing a waiting identify must neither wait for this
# transaction nor deadlock with it. The replaced row stays and is sent.
TAKE_OUT: Final = f"""
DELETE FROM events_outgoing o USING (
    SELECT waiting.id FROM events_outgoing waiting
    JOIN unnest(%s::bigint[], %s::text[]) AS settled (id, message_id)
        ON settled.id = waiting.id AND settled.message_id = waiting.message_id
    FOR UPDATE OF waiting SKIP LOCKED
) locked WHERE o.id = locked.id
RETURNING o.id, o.event = '{IDENTIFY}' AND EXISTS (
    SELECT FROM events_acceptedtraits a
    WHERE a.customer_id = o.customer_id AND a.message_id = o.message_id
)
"""
# When two transactions settle identifies of one customer, the one that took its identify out of the
# outbox has the newest. Otherwise the times decide, which come from the clocks of several machines.
STORE_TRAITS: Final = """
INSERT INTO events_acceptedtraits AS a
    (customer_id, destination, traits_hash, message_id, occurred_at)
SELECT new.* FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS new (customer_id, destination, traits_hash, message_id, occurred_at)
JOIN customers_customer c ON c.id = new.customer_id
ORDER BY new.customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    destination = EXCLUDED.destination, traits_hash = EXCLUDED.traits_hash,
    message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at
WHERE a.message_id <> EXCLUDED.message_id
    AND (a.occurred_at <= EXCLUDED.occurred_at OR a.customer_id = ANY (%s))
RETURNING a.message_id
"""
COUNT_FAILED: Final = """
UPDATE events_outgoing o SET attempts = o.attempts + 1, last_error = locked.error FROM (
    SELECT waiting.id, failed.error FROM events_outgoing waiting
    JOIN unnest(%s::bigint[], %s::text[]) AS failed (id, error) ON failed.id = waiting.id
    FOR UPDATE OF waiting SKIP LOCKED
) locked WHERE o.id = locked.id
"""
RELEASE_LANES: Final = """
UPDATE events_lane l SET
    lease_token = NULL, lease_until = NULL,
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
    SELECT updates.*, %s::timestamptz AS now FROM unnest(
        %s::bigint[], %s::uuid[], %s::int[], %s::timestamptz[], %s::int[], %s::text[], %s::text[],
        %s::timestamptz[]
    ) AS updates (
        business_id, token, generation, resume_at, failures, stopped, last_error, accepted_at
    )
) new WHERE l.business_id = new.business_id AND l.lease_token = new.token
"""
PAUSE_LANES: Final = """
UPDATE events_lane l SET resume_at = GREATEST(l.resume_at, %s) FROM (
    SELECT DISTINCT waiting.business_id FROM events_outgoing waiting
    JOIN unnest(%s::bigint[], %s::text[]) AS settled (id, message_id)
        ON settled.id = waiting.id AND settled.message_id = waiting.message_id
) locked WHERE l.business_id = locked.business_id
"""


def settle(work: Settlement, now: datetime) -> int:
    """Write the results: outbox, traits, failed attempts, held tracks, lanes, last the send log.

    Returns the number of messages logged.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        limit_idle_time(cursor)
        partitions.ensure(now)
        taken = take_out(cursor, [item.row for item in work.settled])
        superseded = _store_traits(cursor, work.accepted_identifies, taken.keys())
        _count_failed(cursor, work.failed_attempts)
        write_attempts(cursor, work.attempts)
        settle_held(cursor, work.held, work.lane_updates, now)
        _release_lanes(cursor, work.lane_updates, now)
        not_taken = [item.row for item in work.settled if item.row.id not in taken]
        _pause_lanes(cursor, not_taken, now + LOCKED_ROW_PAUSE)
        logged = _to_be_logged(work.settled, taken, superseded)
        write_log(cursor, logged, now)
    return len(logged)


def take_out(cursor: Any, rows: Sequence[OutboxRow]) -> dict[int, bool]:
    """Delete these messages from the outbox, except those that were replaced or deleted before.

    Returns the deleted ids, each with whether the message is to be logged. An identify may be in
    the log already: it was settled while a save was replacing it, and that save was rolled back.
    """
    if not rows:
        return {}
    cursor.execute(TAKE_OUT, [[row.id for row in rows], [row.message_id for row in rows]])
    return {row_id: not is_logged for row_id, is_logged in cursor.fetchall()}


def _store_traits(
    cursor: Any, identifies: Sequence[AcceptedIdentify], taken: Collection[int]
) -> set[str]:
    """Store the traits that Segment has now.

    Returns the message ids that were stored. An identify that was replaced while it was in flight
    is not in the outbox under its id any more, but it was accepted and is to be logged once.
    """
    if not identifies:
        return set()
    rows = (
        (i.row.customer_id, i.destination, i.traits_hash, i.row.message_id, i.row.occurred_at)
        for i in identifies
    )
    columns = [list(column) for column in zip(*rows, strict=True)]
    newest = [i.row.customer_id for i in identifies if i.row.id in taken]
    cursor.execute(STORE_TRAITS, [*columns, newest])
    return {message_id for (message_id,) in cursor.fetchall()}


def _count_failed(cursor: Any, failed: Sequence[tuple[OutboxRow, str]]) -> None:
    if failed:
        ids, errors = [row.id for row, _ in failed], [error for _, error in failed]
        cursor.execute(COUNT_FAILED, [ids, errors])


def _release_lanes(cursor: Any, updates: Sequence[LaneUpdate], now: datetime) -> None:
    if not updates:
        return
    rows = (
        (
            u.business_id,
            u.token,
            u.generation,
            u.resume_at,
            u.failures,
            u.stopped,
            u.last_error,
            u.accepted_at,
        )
        for u in updates
    )
    cursor.execute(RELEASE_LANES, [now, *(list(column) for column in zip(*rows, strict=True))])


def _pause_lanes(cursor: Any, rows: Sequence[OutboxRow], until: datetime) -> None:
    """Pause the lanes of those rows that still wait unchanged: a save holds these locked."""
    if rows:
        ids, message_ids = [row.id for row in rows], [row.message_id for row in rows]
        cursor.execute(PAUSE_LANES, [until, ids, message_ids])


def _to_be_logged(
    settled: Sequence[SettledMessage], taken: dict[int, bool], superseded: Collection[str]
) -> list[SettledMessage]:
    return [item for item in settled if taken.get(item.row.id, item.row.message_id in superseded)]
