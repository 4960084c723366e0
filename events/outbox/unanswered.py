"""Messages that were posted without an answer: Segment may have them.

Their row in the outbox has `unanswered_at`. An identify has a row in `events_unansweredidentify`
too, because a save gives a waiting identify a new message id: the old id is then logged as
unconfirmed. Before each post, the lane keeps which identifies are `in_flight`; when the worker
dies, the worker that takes the lane over knows from this which may be at Segment.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from customers.budget import NO_TIME_LIMIT, Budget
from customers.by_index import by_index
from events.identify import IDENTIFY
from events.models import Outcome
from events.outbox import accepted_traits
from events.outbox.lane_order import (
    MAX_TAKEN_ALONG,
    bulk_rows,
    bulk_tracks,
    in_lane_order,
    live_rows,
)
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.rows import OutboxRow, PostedIdentify, SettledMessage
from events.send_log import partitions
from events.send_log.lookup import is_logged
from events.send_log.write import write_log

MAY_HAVE_IT: Final = "An earlier attempt to send it got no answer, so Segment may have it."
REPLACED: Final = (
    "Segment did not answer when this was sent, so Segment may have it. "
    "The customer's details were then sent anew in a later message."
)

MAX_TAKEN_OVER_TRACKS: Final = 1_000
"""Waiting events of a lane, live and bulk ones each, that count as posted by a worker that died:
twice what a worker takes (`delivery.load`), as rows of transactions that committed later may lie
between."""

REGISTER: Final = """
INSERT INTO events_unansweredidentify AS u (
    message_id, business_id, customer_id, user_id, occurred_at, posted_at, attempts, traits_hash,
    body
)
SELECT * FROM unnest(
    %s::text[], %s::bigint[], %s::bigint[], %s::uuid[], %s::timestamptz[], %s::timestamptz[],
    %s::int[], %s::text[], %s::text[]
)
ON CONFLICT (message_id) DO UPDATE SET
    posted_at = EXCLUDED.posted_at, attempts = EXCLUDED.attempts, body = EXCLUDED.body,
    traits_hash = CASE WHEN u.traits_hash = EXCLUDED.traits_hash THEN u.traits_hash ELSE '' END
"""
REGISTER_IN_FLIGHT: Final = f"""
INSERT INTO events_unansweredidentify (
    message_id, business_id, customer_id, user_id, occurred_at, posted_at, attempts, traits_hash,
    body
)
SELECT p.message_id, p.business_id, p.customer_id, COALESCE(o.user_id, c.uuid), p.posted_at,
    p.posted_at, 1, p.traits_hash, ''
FROM unnest(%(ids)s::text[], %(businesses)s::bigint[], %(customers)s::bigint[],
    %(moments)s::timestamptz[], %(hashes)s::text[]
) AS p (message_id, business_id, customer_id, posted_at, traits_hash)
LEFT JOIN events_outgoing o ON o.customer_id = p.customer_id AND o.event = '{IDENTIFY}'
    AND o.customer_id = ANY (%(customers)s)
LEFT JOIN customers_customer c ON c.id = p.customer_id AND c.id = ANY (%(customers)s)
WHERE COALESCE(o.user_id, c.uuid) IS NOT NULL
ON CONFLICT (message_id) DO NOTHING
"""
# One that a save holds locked is skipped: the save is replacing it, and its lane must not wait for
# the save. If the save is rolled back, what was registered says that it was posted.
MARK_IDENTIFIES: Final = f"""
WITH locked AS MATERIALIZED (
    SELECT waiting.ctid AS place, p.posted_at FROM events_outgoing waiting
    JOIN unnest(%(ids)s::text[], %(customers)s::bigint[], %(moments)s::timestamptz[])
        AS p (message_id, customer_id, posted_at)
        ON waiting.customer_id = p.customer_id AND waiting.message_id = p.message_id
    WHERE waiting.event = '{IDENTIFY}' AND waiting.customer_id = ANY (%(customers)s)
    FOR UPDATE OF waiting SKIP LOCKED
)
UPDATE events_outgoing o SET unanswered_at = locked.posted_at, attempts = o.attempts + 1
FROM locked WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked)) AND o.ctid = locked.place
"""
# Live events went first, and took their customers' earlier bulk ones along.
MARK_TRACKS: Final = f"""
WITH lane AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])
        AS lane (business_id, posted_at, lease_until)
), live AS MATERIALIZED (
    SELECT waiting.* FROM lane CROSS JOIN LATERAL (
        SELECT w.ctid AS place, w.id, w.customer_id FROM events_outgoing w
        WHERE {live_rows("w", "lane.business_id")}
            AND w.recorded_at <= lane.lease_until AND w.event <> '{IDENTIFY}'
        ORDER BY {in_lane_order("w")} LIMIT {MAX_TAKEN_OVER_TRACKS}
    ) waiting
), posted AS (
    SELECT place FROM live
    UNION ALL
    SELECT taken.place FROM live CROSS JOIN LATERAL (
        SELECT w.ctid AS place FROM events_outgoing w
        WHERE {bulk_tracks("w", "live.customer_id", "live.id")}
        ORDER BY w.customer_id, w.id LIMIT {MAX_TAKEN_ALONG}
    ) taken
    UNION ALL
    SELECT waiting.place FROM lane CROSS JOIN LATERAL (
        SELECT w.ctid AS place FROM events_outgoing w
        WHERE {bulk_rows("w", "lane.business_id")}
            AND w.recorded_at <= lane.lease_until AND w.event <> '{IDENTIFY}'
        ORDER BY {in_lane_order("w")} LIMIT {MAX_TAKEN_OVER_TRACKS}
    ) waiting
)
UPDATE events_outgoing o
SET unanswered_at = (SELECT posted_at FROM lane WHERE lane.business_id = o.business_id)
WHERE o.ctid = ANY (ARRAY(SELECT place FROM posted)) AND o.unanswered_at IS NULL
"""
LOCK_LANES: Final = """
SELECT business_id, in_flight FROM events_lane WHERE business_id = ANY (%s)
ORDER BY business_id FOR UPDATE
"""
FIND_IN_FLIGHT: Final = "SELECT in_flight FROM events_lane WHERE business_id = ANY (%s)"
FORGET_IN_FLIGHT: Final = "UPDATE events_lane SET in_flight = '{}' WHERE business_id = ANY (%s)"
# A row that a save is replacing is seen under its old id until the save commits.
RESOLVE: Final = f"""
DELETE FROM events_unansweredidentify u WHERE u.business_id = ANY (%s) AND NOT EXISTS (
    SELECT FROM events_outgoing o
    WHERE o.customer_id = u.customer_id AND o.event = '{IDENTIFY}' AND o.message_id = u.message_id
)
RETURNING u.message_id, u.business_id, u.customer_id, u.user_id, u.occurred_at::text,
    u.posted_at::text, u.attempts, u.body,
    {is_logged("u")}
"""
FIND_UNANSWERED: Final = """
SELECT message_id, traits_hash, posted_at, body FROM events_unansweredidentify
WHERE business_id = ANY (%s)
"""
BUSINESSES_WITH_UNANSWERED: Final = "SELECT DISTINCT business_id FROM events_unansweredidentify"


@dataclass(frozen=True, slots=True)
class EndedLease:
    """A lease that ended without being released: the worker died, or was held up for too long."""

    business_id: int
    claimed_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What was posted of an identify that waits for its repetition.

    `traits_hash` and `body` are empty when the worker that posted it died.
    """

    traits_hash: str
    posted_at: datetime
    body: str


def settled_without_answer(row: OutboxRow, outcome: Outcome, reason: str) -> SettledMessage:
    """Return the message as settled: as unconfirmed when Segment may have it."""
    if row.unanswered_at is None:
        return SettledMessage(row, outcome, reason)
    # The log counts the attempt at `sent_at` in addition.
    earlier = replace(row, attempts=max(0, row.attempts - 1))
    reason = f"{reason} {MAY_HAVE_IT}"
    return SettledMessage(earlier, Outcome.UNCONFIRMED, reason, sent_at=row.unanswered_at)


def register(cursor: Any, identifies: Sequence[PostedIdentify]) -> None:
    """Remember identifies that were posted without an answer."""
    if identifies:
        rows = (
            (
                posted.row.message_id,
                posted.row.business_id,
                posted.row.customer_id,
                posted.row.user_id,
                posted.row.occurred_at,
                posted.posted_at,
                posted.row.attempts + 1,
                posted.traits_hash,
                posted.body,
            )
            for posted in identifies
        )
        cursor.execute(REGISTER, [list(column) for column in zip(*rows, strict=True)])


def in_flight_traits(cursor: Any, business_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return customer id and hash of what the workers with these lanes may be posting now."""
    cursor.execute(FIND_IN_FLIGHT, [list(business_ids)])
    return {
        (customer_id, traits_hash)
        for (identifies,) in cursor.fetchall()
        for customer_id, traits_hash in json.loads(identifies).values()
    }


def recover(leases: Collection[EndedLease]) -> None:
    """Note what the workers whose leases ended may have posted without telling us.

    Call it before a lane whose lease ended is read, or before its messages are taken out.
    """
    if not leases:
        return
    by_business = {lease.business_id: lease for lease in leases}
    with by_index() as cursor:
        cursor.execute(LOCK_LANES, [list(by_business)])
        in_flight = [
            (message_id, business_id, customer_id, by_business[business_id].claimed_at, traits_hash)
            for business_id, identifies in cursor.fetchall()
            for message_id, (customer_id, traits_hash) in json.loads(identifies).items()
        ]
        if in_flight:
            names = ("ids", "businesses", "customers", "moments", "hashes")
            columns = (list(column) for column in zip(*in_flight, strict=True))
            params = dict(zip(names, columns, strict=True))
            cursor.execute(REGISTER_IN_FLIGHT, params)
            cursor.execute(MARK_IDENTIFIES, params)
            accepted_traits.mark_uncertain(cursor, params["customers"])
        rows = ((lease.business_id, lease.claimed_at, lease.until) for lease in leases)
        cursor.execute(MARK_TRACKS, [list(column) for column in zip(*rows, strict=True)])
        cursor.execute(FORGET_IN_FLIGHT, [list(by_business)])


def resolve(business_ids: Collection[int], now: datetime) -> dict[str, Unanswered]:
    """Log as unconfirmed what is no longer in the outbox under the id that was posted.

    Returns by message id what was posted of those that still wait.
    """
    if not business_ids:
        return {}
    with transaction.atomic(), connection.cursor() as cursor:
        _log_replaced(cursor, business_ids, now)
        cursor.execute(FIND_UNANSWERED, [list(business_ids)])
        return {message_id: Unanswered(*posted) for message_id, *posted in cursor.fetchall()}


def resolve_all(now: datetime, budget: Budget = NO_TIME_LIMIT) -> None:
    """Log what was replaced of all businesses, also those whose lanes no worker claims.

    One after the other: after an outage of Segment, many have some, and no lane is claimed while it
    is locked. A lane that is locked is left for the next time.
    """
    with connection.cursor() as cursor:
        cursor.execute(BUSINESSES_WITH_UNANSWERED)
        business_ids = [business_id for (business_id,) in cursor.fetchall()]
    for business_id in budget.over(business_ids):
        with suppress(LockTimeout), lock_timeout() as cursor:
            _log_replaced(cursor, [business_id], now)


def _log_replaced(cursor: Any, business_ids: Collection[int], now: datetime) -> None:
    partitions.ensure(now)
    cursor.execute(LOCK_LANES, [list(business_ids)])
    cursor.execute(RESOLVE, [list(business_ids)])
    write_log(cursor, list(_unconfirmed(cursor.fetchall())), now)


def _unconfirmed(rows: Iterable[Sequence[Any]]) -> Iterable[SettledMessage]:
    for row in rows:
        message_id, business_id, customer_id, user_id, occurred_at, posted_at, attempts = row[:7]
        body, is_logged = row[7:]
        if not is_logged:
            outbox_row = OutboxRow(
                id=0,
                business_id=business_id,
                customer_id=customer_id,
                user_id=user_id,
                event=IDENTIFY,
                subject_id=customer_id,
                message_id=message_id,
                occurred_at=datetime.fromisoformat(occurred_at),
                facts={},
                # The log counts the attempt at `sent_at` in addition.
                attempts=attempts - 1,
            )
            sent_at = datetime.fromisoformat(posted_at)
            yield SettledMessage(outbox_row, Outcome.UNCONFIRMED, REPLACED, body, sent_at)
