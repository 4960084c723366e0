"""Discard waiting events when their owner chose to. The send log has them as not sent.

Identifies are never discarded: they say what is true now, such as that a customer wants no emails.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.dateparse import parse_datetime

from events import wake
from events.identify import IDENTIFY
from events.lanes import lane_control
from events.lanes.status import DISCARDING
from events.models import Outcome, Request
from events.outbox import unanswered
from events.outbox.read import OUTBOX_COLUMNS, as_outbox_row
from events.outbox.rows import OutboxRow
from events.outbox.take_out import take_out
from events.outbox.unanswered import EndedLease
from events.send_log import partitions
from events.send_log.write import write_log

DISCARDED_REASON: Final = "The owner chose to discard events from before."

DISCARD_CHUNK_SIZE: Final = 1_000
"""Messages per transaction, so that it holds its locks, on the lane too, for a short time."""

# `up_to` is the id of the newest message when the owner chose. `recorded_before` is when the
# business was switched on, if the owner chose because of that.
CHOSEN_EVENTS: Final = f"""
o.business_id = %(business_id)s AND o.id <= %(up_to)s AND o.event <> '{IDENTIFY}'
    AND (%(recorded_before)s::timestamptz IS NULL OR o.recorded_at < %(recorded_before)s)
"""
CHOSEN_BEFORE: Final = (
    CHOSEN_EVENTS + "AND (%(before)s::timestamptz IS NULL OR o.occurred_at < %(before)s)"
)
COUNT_BY_DAY: Final = f"""
SELECT (o.occurred_at AT TIME ZONE b.time_zone)::date AS day, count(*)
FROM events_outgoing o JOIN customers_business b ON b.id = o.business_id
WHERE {CHOSEN_EVENTS} GROUP BY 1 ORDER BY 1
"""
FIND_NEWEST: Final = """
SELECT max(id), count(*) FILTER (WHERE event = %s) FROM events_outgoing WHERE business_id = %s
"""
FIND_DISCARD_CHUNK: Final = f"""
SELECT {OUTBOX_COLUMNS} FROM events_outgoing o
WHERE {CHOSEN_BEFORE} AND (o.is_bulk, o.id) > (%(after_bulk)s, %(after)s)
ORDER BY o.is_bulk, o.id LIMIT %(chunk_size)s
FOR UPDATE OF o SKIP LOCKED
"""
ANY_LEFT: Final = f"SELECT EXISTS (SELECT FROM events_outgoing o WHERE {CHOSEN_BEFORE})"
# While a delivery is in flight, Segment may be accepting just these events.
LOCK_IDLE_LANE: Final = """
SELECT claimed_at, lease_until FROM events_lane
WHERE business_id = %s AND (lease_until IS NULL OR lease_until < %s)
FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The events that the owner chooses about.

    `up_to` is the newest message's id. `days` has the number of events that happened on each day of
    the business, oldest first. `identifies` is the number of identifies that wait; they are sent in
    any case.
    """

    up_to: int
    days: tuple[tuple[date, int], ...]
    identifies: int

    @property
    def events(self) -> int:
        return sum(count for _, count in self.days)

    def before(self, day: date) -> int:
        return sum(count for occurred_on, count in self.days if occurred_on < day)


def read_backlog(
    business_id: int, recorded_before: datetime | None, up_to: int | None = None
) -> Backlog:
    """Return what waits now; with `up_to`, only what waited when that message was the newest."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEWEST, [IDENTIFY, business_id])
        newest, identifies = cursor.fetchone()
        up_to = (newest or 0) if up_to is None else up_to
        params = {"business_id": business_id, "up_to": up_to, "recorded_before": recorded_before}
        cursor.execute(COUNT_BY_DAY, params)
        return Backlog(up_to, tuple(cursor.fetchall()), identifies)


@transaction.atomic
def request_discard(
    backlog: Backlog,
    business_id: int,
    time_zone: str,
    by: Any,
    now: datetime,
    day: date | None,
    recorded_before: datetime | None,
) -> Request | None:
    """Queue a job that discards these events, and halt the lane until it is done.

    With `day`, only events that happened before that day. None if a discard is open already.
    """
    if lane_control.lock_lane(business_id).stopped == DISCARDING:
        return None
    lane_control.halt(business_id, DISCARDING)
    before = datetime.combine(day, time(), ZoneInfo(time_zone)) if day else None
    moments = {
        "before": before and before.isoformat(),
        "recorded_before": recorded_before and recorded_before.isoformat(),
    }
    job = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.DISCARD,
        requested_by=by,
        requested_at=now,
        matching={"up_to": backlog.up_to, **moments},
        expected=backlog.before(day) if day else backlog.events,
    )
    wake.run_jobs_after_commit()
    return job


def discard_chunk(job: Request, now: datetime) -> bool:
    """Discard the next events, and resume the lane when none is left.

    Returns whether the job is finished. Does nothing while a delivery is in flight.
    """
    params = _params(job)
    with connection.cursor() as cursor:
        cursor.execute(LOCK_IDLE_LANE, [job.business_id, now])
        lane = cursor.fetchone()
        if lane is None:
            return False
        claimed_at, lease_until = lane
        if lease_until is not None:
            unanswered.recover([EndedLease(job.business_id, claimed_at, lease_until)])
        rows = _discard(cursor, params, now)
        if rows:
            job.done += len(rows)
            job.position = {"after": rows[-1].id, "after_bulk": rows[-1].is_bulk}
            return False
        cursor.execute(ANY_LEFT, params)
        if cursor.fetchone()[0]:
            # rows were locked and skipped: begin again with the first
            job.position = {}
            return False
    lane_control.resume_halted(job.business_id)
    return True


def _discard(cursor: Any, params: dict[str, Any], now: datetime) -> list[OutboxRow]:
    cursor.execute(FIND_DISCARD_CHUNK, params)
    rows = [as_outbox_row(row) for row in cursor.fetchall()]
    if rows:
        partitions.ensure(now)
        taken = take_out(cursor, rows)
        discarded = [
            unanswered.settled_without_answer(row, Outcome.SKIPPED, DISCARDED_REASON)
            for row in rows
            if row.id in taken
        ]
        write_log(cursor, discarded, now)
    return rows


def _params(job: Request) -> dict[str, Any]:
    chosen = job.matching
    moments = {
        name: parse_datetime(chosen[name]) if chosen[name] else None
        for name in ("before", "recorded_before")
    }
    return {
        "business_id": job.business_id,
        "up_to": chosen["up_to"],
        **moments,
        "after": job.position.get("after", 0),
        "after_bulk": job.position.get("after_bulk", False),
        "chunk_size": DISCARD_CHUNK_SIZE,
    }
