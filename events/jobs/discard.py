"""Discarding old events that wait, because their owner decided so: they go to the send log as not sent.

Changes of customers' details are never discarded: they tell what is true now, such as who no longer wants emails.
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
from events.outbox.read import COLUMNS, as_outbox_row
from events.outbox.rows import OutboxRow, SettledMessage
from events.outbox.settle import take_out
from events.send_log import partitions
from events.send_log.write import write_log

REASON: Final = "The owner decided not to send what had happened before."
# One short transaction each.
PORTION: Final = 1_000

# `up_to` is the newest message at the time of the choice, `recorded_before` when the business was switched on, if that is why it chose.
MEANT: Final = f"""
o.business_id = %(business_id)s AND o.id <= %(up_to)s AND o.event <> '{IDENTIFY}'
    AND (%(recorded_before)s::timestamptz IS NULL OR o.recorded_at < %(recorded_before)s)
"""
BEFORE: Final = "AND (%(before)s::timestamptz IS NULL OR o.occurred_at < %(before)s)"
COUNT_BY_DAY: Final = f"""
SELECT (o.occurred_at AT TIME ZONE b.time_zone)::date AS day, count(*)
FROM events_outgoing o JOIN customers_business b ON b.id = o.business_id WHERE {MEANT} GROUP BY 1 ORDER BY 1
"""
NEWEST: Final = (
    "SELECT max(id), count(*) FILTER (WHERE event = %s) FROM events_outgoing WHERE business_id = %s"
)
FIND: Final = f"""
SELECT {COLUMNS} FROM events_outgoing o WHERE {MEANT} {BEFORE} AND o.id > %(after)s ORDER BY o.id LIMIT %(portion)s
FOR UPDATE OF o SKIP LOCKED
"""
LEFT: Final = f"SELECT EXISTS (SELECT FROM events_outgoing o WHERE {MEANT} {BEFORE})"
# A delivery that was under way when the owner chose may be having just these accepted.
AT_REST: Final = """
SELECT FROM events_lane WHERE business_id = %s AND (lease_until IS NULL OR lease_until < %s) FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The events that a choice is about, by the business's own day on which they happened, oldest first. `details` counts waiting changes
    of customers' details, which are sent in any case."""

    up_to: int
    days: tuple[tuple[date, int], ...]
    details: int

    @property
    def events(self) -> int:
        return sum(count for _, count in self.days)

    def before(self, day: date) -> int:
        return sum(count for happened, count in self.days if happened < day)


def backlog(
    business_id: int, recorded_before: datetime | None, up_to: int | None = None
) -> Backlog:
    """What waits now, or what of it waited when `up_to` was the newest."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [IDENTIFY, business_id])
        newest, details = cursor.fetchone()
        up_to = (newest or 0) if up_to is None else up_to
        cursor.execute(
            COUNT_BY_DAY,
            {"business_id": business_id, "up_to": up_to, "recorded_before": recorded_before},
        )
        return Backlog(up_to, tuple(cursor.fetchall()), details)


@transaction.atomic
def request_discard(
    found: Backlog,
    business_id: int,
    time_zone: str,
    by: Any,
    now: datetime,
    day: date | None,
    recorded_before: datetime | None,
) -> Request | None:
    """Have these events discarded, or with `day` those that happened before it, and hold the lane until it is done. None when events are
    being discarded already."""
    if lane_control.lock_lane(business_id).stopped == DISCARDING:
        return None
    lane_control.halt(business_id, DISCARDING)
    before = datetime.combine(day, time(), ZoneInfo(time_zone)) if day else None
    moments = {
        "before": before and before.isoformat(),
        "recorded_before": recorded_before and recorded_before.isoformat(),
    }
    request = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.DISCARD,
        requested_by=by,
        requested_at=now,
        matching={"up_to": found.up_to, **moments},
        expected=found.before(day) if day else found.events,
    )
    wake.run_jobs_after_commit()
    return request


def discard_chunk(request: Request, now: datetime) -> bool:
    """Discard some of what was meant; with the last of it, the lane goes on. Waits while a delivery is under way."""
    params = _params(request)
    with connection.cursor() as cursor:
        cursor.execute(AT_REST, [request.business_id, now])
        if cursor.fetchone() is None:
            return False
        rows = _discard(cursor, params, now)
        if rows:
            request.done += len(rows)
            request.position = {"after": rows[-1].id}
            return False
        cursor.execute(LEFT, params)
        if cursor.fetchone()[0]:
            # somebody held them locked: once more from the first
            request.position = {"after": 0}
            return False
    lane_control.resume_halted(request.business_id)
    return True


def _discard(cursor: Any, params: dict[str, Any], now: datetime) -> list[OutboxRow]:
    cursor.execute(FIND, params)
    rows = [as_outbox_row(row) for row in cursor.fetchall()]
    if rows:
        partitions.ensure(now)
        taken = take_out(cursor, rows)
        write_log(
            cursor,
            [SettledMessage(row, Outcome.SKIPPED, REASON) for row in rows if row.id in taken],
            now,
        )
    return rows


def _params(request: Request) -> dict[str, Any]:
    meant = request.matching
    return {
        "business_id": request.business_id,
        "up_to": meant["up_to"],
        "before": parse_datetime(meant["before"]) if meant["before"] else None,
        "recorded_before": parse_datetime(meant["recorded_before"])
        if meant["recorded_before"]
        else None,
        "after": request.position.get("after", 0),
        "portion": PORTION,
    }
