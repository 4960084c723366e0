"""Settling: what became of the messages that were sent, in one short transaction.

A message is logged when this transaction takes it out of the outbox: after a stolen lease the second settling finds nothing and logs
nothing. An identify that a save replaced while it was under way is logged when it becomes what Segment knows of the customer.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from events.models import Outcome
from events.send_log import daily_counts, partitions

# Until the save that holds a customer's identify has ended.
LOCKED_ROW_PAUSE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of the outbox as it was read."""

    id: int
    business_id: int
    customer_id: int
    user_id: UUID
    event: str
    subject_id: int
    message_id: str
    occurred_at: datetime
    facts: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class SettledMessage:
    """A message whose outcome is known. `attempted` says whether a POST is to be added to its attempts."""

    row: OutboxRow
    outcome: Outcome
    reason: str = ""
    body: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AcceptedIdentify:
    """Traits that Segment accepted with an identify."""

    row: OutboxRow
    destination: str
    traits_hash: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST: when, how long, how much, and how it ended (`status` None: no answer)."""

    business_id: int
    at: datetime
    status: int | None
    milliseconds: int
    messages: int
    bytes: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class LaneUpdate:
    """How a lane goes on. It counts only while the lane is still ours; what it says of failures, only for the config it was tried with."""

    business_id: int
    token: UUID
    generation: int
    resume_at: datetime
    failures: int = 0
    stopped: str = ""
    last_error: str = ""
    accepted_at: datetime | None = None


@dataclass(slots=True)
class Settlement:
    """Everything that one or more finished deliveries brought."""

    settled: list[SettledMessage] = field(default_factory=list)
    accepted_identifies: list[AcceptedIdentify] = field(default_factory=list)
    failed_attempts: list[tuple[OutboxRow, str]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    lane_updates: list[LaneUpdate] = field(default_factory=list)


# Rows locked by somebody are passed over: a save that is replacing a waiting identify must neither wait for us nor deadlock with us.
# Its row stays, and is sent again as what it has become.
TAKE_OUT = """
DELETE FROM events_outgoing o USING (
    SELECT q.id FROM events_outgoing q
    JOIN unnest(%s::bigint[], %s::text[]) AS d (id, message_id) ON d.id = q.id AND d.message_id = q.message_id
    FOR UPDATE OF q SKIP LOCKED
) gone WHERE o.id = gone.id
RETURNING o.id, o.event = 'identify' AND EXISTS (
    SELECT FROM events_acceptedtraits a WHERE a.customer_id = o.customer_id AND a.message_id = o.message_id
)
"""
# A round that comes back before the save is over would find the same again.
LEAVE_FOR_A_MOMENT = """
UPDATE events_lane l SET resume_at = GREATEST(l.resume_at, %s) FROM (
    SELECT DISTINCT q.business_id FROM events_outgoing q
    JOIN unnest(%s::bigint[], %s::text[]) AS d (id, message_id) ON d.id = q.id AND d.message_id = q.message_id
) locked WHERE l.business_id = locked.business_id
"""
# Of two settlings of one customer, only one took the identify out of the outbox: it tells of the newest. Else the times decide, which
# come from the clocks of several machines.
REMEMBER = """
INSERT INTO events_acceptedtraits AS a (customer_id, destination, traits_hash, message_id, occurred_at)
SELECT k.* FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS k (customer_id, destination, traits_hash, message_id, occurred_at)
JOIN customers_customer c ON c.id = k.customer_id
ORDER BY k.customer_id
ON CONFLICT (customer_id) DO UPDATE SET destination = EXCLUDED.destination, traits_hash = EXCLUDED.traits_hash,
    message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at
WHERE a.message_id <> EXCLUDED.message_id AND (a.occurred_at <= EXCLUDED.occurred_at OR a.customer_id = ANY (%s))
RETURNING a.message_id
"""
COUNT_ATTEMPT = """
UPDATE events_outgoing o SET attempts = o.attempts + 1, last_error = f.error FROM (
    SELECT q.id, d.error FROM events_outgoing q JOIN unnest(%s::bigint[], %s::text[]) AS d (id, error) ON d.id = q.id
    FOR UPDATE OF q SKIP LOCKED
) f WHERE o.id = f.id
"""
RELEASE = """
UPDATE events_lane l SET
    lease_token = NULL, lease_until = NULL,
    last_accepted_at = COALESCE(v.accepted_at, l.last_accepted_at),
    resume_at = CASE WHEN l.generation = v.generation THEN v.resume_at ELSE l.resume_at END,
    failures = CASE WHEN l.generation = v.generation THEN v.failures ELSE l.failures END,
    stopped = CASE WHEN l.generation = v.generation THEN v.stopped ELSE l.stopped END,
    stopped_at = CASE WHEN l.generation = v.generation AND v.stopped <> '' THEN v.now ELSE l.stopped_at END,
    last_error = CASE WHEN l.generation = v.generation THEN v.last_error ELSE l.last_error END,
    failing_since = CASE WHEN l.generation <> v.generation THEN l.failing_since
                         WHEN v.last_error = '' THEN NULL ELSE COALESCE(l.failing_since, v.now) END
FROM (
    SELECT u.*, %s::timestamptz AS now FROM unnest(%s::bigint[], %s::uuid[], %s::int[], %s::timestamptz[], %s::int[], %s::text[],
        %s::text[], %s::timestamptz[]) AS u (business_id, token, generation, resume_at, failures, stopped, last_error, accepted_at)
) v WHERE l.business_id = v.business_id AND l.lease_token = v.token
"""
# A worker that is frozen in the middle of this must not keep a counter's save waiting for its row locks.
NEVER_LINGER = "SET LOCAL idle_in_transaction_session_timeout = '20s'"
LOG = """
COPY events_sendlog (business_id, customer_id, brand_id, user_id, event, subject_id, message_id, occurred_at, sent_at, settled_at, outcome,
    reason, attempts, body, facts) FROM STDIN
"""
LOG_ATTEMPTS = "COPY events_deliveryattempt (business_id, at, status, milliseconds, messages, bytes, error) FROM STDIN"


def settle(settlement: Settlement, now: datetime) -> int:
    """Take what is done out of the outbox and into the send log, count failed attempts, and release the lanes. Answers the number of
    messages logged."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NEVER_LINGER)
        partitions.ensure(now)
        taken = take_out(cursor, [item.row for item in settlement.settled])
        superseded = _remember(cursor, settlement.accepted_identifies, taken.keys())
        logged = [
            item
            for item in settlement.settled
            if taken.get(item.row.id, item.row.message_id in superseded)
        ]
        if settlement.failed_attempts:
            cursor.execute(
                COUNT_ATTEMPT,
                [
                    [row.id for row, _ in settlement.failed_attempts],
                    [error for _, error in settlement.failed_attempts],
                ],
            )
        _copy(
            cursor,
            LOG_ATTEMPTS,
            (
                (a.business_id, a.at, a.status, a.milliseconds, a.messages, a.bytes, a.error)
                for a in settlement.attempts
            ),
        )
        _release(cursor, settlement.lane_updates, now)
        _leave_for_a_moment(
            cursor,
            [item.row for item in settlement.settled if item.row.id not in taken],
            now + LOCKED_ROW_PAUSE,
        )
        write_log(cursor, logged, now)
    return len(logged)


def take_out(cursor: Any, rows: Sequence[OutboxRow]) -> dict[int, bool]:
    """Delete these messages from the outbox, unless they were replaced or taken out since. Answers the ids deleted, each with whether
    it is to be logged: an identify may have been already, while the save that was replacing it was not yet rolled back."""
    if not rows:
        return {}
    cursor.execute(TAKE_OUT, [[row.id for row in rows], [row.message_id for row in rows]])
    return {row_id: not logged for row_id, logged in cursor.fetchall()}


def write_log(cursor: Any, items: Sequence[SettledMessage], now: datetime) -> None:
    """Log and count these. The last step of a transaction, and once in it: every other one that counts for the same businesses waits until
    it ends, so nothing may come after it that such a one holds, a lane above all."""
    if items:
        brand_of = daily_counts.brands(cursor, items)
        _copy(
            cursor,
            LOG,
            (_log_row(item, brand_of.get(item.row.customer_id, 0), now) for item in items),
        )
        daily_counts.add(cursor, items, brand_of, now)


def _log_row(item: SettledMessage, brand_id: int, now: datetime) -> tuple[Any, ...]:
    row = item.row
    facts = None if item.outcome == Outcome.ACCEPTED else Jsonb(row.facts)
    attempts = row.attempts + (item.sent_at is not None)
    return (
        *(
            row.business_id,
            row.customer_id,
            brand_id,
            row.user_id,
            row.event,
            row.subject_id,
            row.message_id,
            row.occurred_at,
        ),
        *(item.sent_at, now, item.outcome.value, item.reason, attempts, item.body, facts),
    )


def _remember(
    cursor: Any, accepted_identifies: Sequence[AcceptedIdentify], taken: Collection[int]
) -> set[str]:
    """Keep what Segment knows of these customers now. Answers the message ids that were news: an identify replaced while it was in
    flight is no longer in the outbox under its id, yet it was accepted and belongs in the log once."""
    if not accepted_identifies:
        return set()
    columns = zip(
        *(
            (k.row.customer_id, k.destination, k.traits_hash, k.row.message_id, k.row.occurred_at)
            for k in accepted_identifies
        ),
        strict=True,
    )
    newest = [k.row.customer_id for k in accepted_identifies if k.row.id in taken]
    cursor.execute(REMEMBER, [*(list(column) for column in columns), newest])
    return {row[0] for row in cursor.fetchall()}


def _leave_for_a_moment(cursor: Any, rows: Sequence[OutboxRow], until: datetime) -> None:
    """Those of these messages that wait unchanged are locked by a save."""
    if rows:
        cursor.execute(
            LEAVE_FOR_A_MOMENT, [until, [row.id for row in rows], [row.message_id for row in rows]]
        )


def _release(cursor: Any, lane_updates: Sequence[LaneUpdate], now: datetime) -> None:
    if not lane_updates:
        return
    rows = (
        (
            v.business_id,
            v.token,
            v.generation,
            v.resume_at,
            v.failures,
            v.stopped,
            v.last_error,
            v.accepted_at,
        )
        for v in lane_updates
    )
    cursor.execute(RELEASE, [now, *(list(column) for column in zip(*rows, strict=True))])


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    found = list(rows)
    if found:
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in found:
                copy.write_row(row)
