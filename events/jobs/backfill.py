"""Backfill: send past events with their true times, as the records tell them now.

Only the owner starts it. Each event is sent to a destination once: what waits, and what the send
log says was settled for this destination, is left out. Backfilled tracks carry a mark, and start no
surveys (contract, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from events import wake
from events.catalogue import BACKFILLED_EVENTS
from events.jobs.already_sent import already_sent, key_of
from events.jobs.control import open_job
from events.jobs.feed import ending, feeding, lock_ready
from events.jobs.past_events import (
    CUSTOMERS_PER_CHUNK,
    PastKey,
    Span,
    find_past,
    read_past,
)
from events.models import Integration, Request
from events.outbox.record_past import record_past
from events.send_log.partitions import month_of
from events.send_log.retention import months_before

FIRST_CUSTOMERS: Final = 50
"""Customers of the first chunk. The next ones have as many as give about a chunk of events."""

CUSTOMERS_FROM: Final = """
SELECT c.id FROM customers_customer c
WHERE (c.business_id, c.id) >= (%(business)s, %(first)s)
    AND (c.business_id, c.id) <= (%(business)s, %(up_to)s::bigint)
ORDER BY c.business_id, c.id LIMIT %(limit)s
"""
COUNT_CUSTOMERS_OF: Final = """
SELECT count(*), max(c.id) FROM customers_customer c WHERE c.business_id = %s
"""


class CannotBackfill(Exception):
    """These events cannot be sent. The text says why and what to do, for an owner."""


def earliest_day(integration: Integration, now: datetime) -> date:
    """Return the first day whose events can be sent: as long as the log tells what was sent."""
    return months_before(month_of(now), integration.retention_months)


def span_since(integration: Integration, day: date, now: datetime) -> Span:
    """Return which events are meant since the start of the business's day, until now.

    Muted events are not among them. Raises CannotBackfill.
    """
    clock = integration.business.clock
    earliest = earliest_day(integration, now)
    if day < earliest:
        months = integration.retention_months
        raise CannotBackfill(
            f"Choose {clock.day(earliest)} or a later day. The send log is kept for {months} "
            "months, and what was sent before that is not known any more."
        )
    if day > clock.day_of(now):
        raise CannotBackfill("Choose a day that is not in the future.")
    events = tuple(e.name for e in BACKFILLED_EVENTS if e.name not in integration.muted)
    if not events:
        raise CannotBackfill("All events are switched off. Switch on those that should be sent.")
    return Span(datetime.combine(day, time(), ZoneInfo(clock.time_zone)), now, events)


@transaction.atomic
def request_backfill(business_id: int, day: date, by: Any, now: datetime) -> Request | None:
    """Queue a backfill of the events since this day of the business.

    Returns the open backfill if there is one, and None if the integration is switched off, has no
    readable write key, or there is no customer. Raises CannotBackfill.
    """
    integration = lock_ready(business_id)
    if integration is None:
        return None
    if job := open_job(business_id, Request.Kind.BACKFILL):
        return job
    span = span_since(integration, day, now)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CUSTOMERS_OF, [business_id])
        customers, newest_id = cursor.fetchone()
    if not customers:
        return None
    job = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.BACKFILL,
        requested_by=by,
        requested_at=now,
        matching={
            "destination": integration.destination,
            "since": span.since.isoformat(),
            "until": span.until.isoformat(),
            "events": list(span.events),
            "up_to": newest_id,
        },
        expected=customers,
    )
    wake.run_jobs_after_commit()
    return job


@dataclass(frozen=True, slots=True)
class _Position:
    """The last event that was looked at, and how many customers are done and come next."""

    after: PastKey
    looked_at: int
    customers: int

    @classmethod
    def of(cls, job: Request, span: Span) -> "_Position":
        if not job.position:
            return cls(PastKey(0, span.since, 0, 0), 0, FIRST_CUSTOMERS)
        customer_id, at, *rest = job.position["after"]
        after = PastKey(customer_id, datetime.fromisoformat(at), *rest)
        return cls(after, job.position["looked_at"], job.position["customers"])

    def as_json(self) -> dict[str, Any]:
        customer_id, at, rank, subject_id = self.after
        return {
            "after": [customer_id, at.isoformat(), rank, subject_id],
            "looked_at": self.looked_at,
            "customers": self.customers,
        }


def backfill_chunk(job: Request, now: datetime) -> bool:
    """Record the next past events. Returns whether the job is finished.

    `done` counts the events recorded, `passed_over` those that were sent before.
    """
    span = _span_of(job)
    with ending(job), feeding(job) as (integration, limit):
        position = _Position.of(job, span)
        customers = _next_customers(job, position, span)
        if not customers:
            return True
        found = find_past(customers, span, position.after, limit + 1)
        keys = not_sent(found[:limit], integration, span)
        recorded = record_past(job.business_id, read_past(keys))
        job.done += recorded
        job.passed_over += len(found[:limit]) - recorded
        job.position = _after(position, customers, found, limit, span).as_json()
    return bool(job.ended_because)


def _span_of(job: Request) -> Span:
    since, until = (datetime.fromisoformat(job.matching[name]) for name in ("since", "until"))
    return Span(since, until, tuple(job.matching["events"]))


def _next_customers(job: Request, position: _Position, span: Span) -> list[int]:
    """Return the customer whose events were begun, if any, and the next ones."""
    is_done = position.after.at >= span.until
    params = {
        "business": job.business_id,
        "first": position.after.customer_id + is_done,
        "up_to": job.matching["up_to"],
        "limit": position.customers,
    }
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMERS_FROM, params)
        return [customer_id for (customer_id,) in cursor.fetchall()]


def not_sent(keys: Sequence[PastKey], integration: Integration, span: Span) -> list[PastKey]:
    """Return those that this destination neither has nor gets anyway, and that are not muted."""
    customers = {key.customer_id for key in keys}
    sent = already_sent(integration.pk, integration.destination, customers, span.since)
    return [
        key
        for key in keys
        if key_of(key.definition.name, key.subject_id, key.at) not in sent
        and key.definition.name not in integration.muted
    ]


def _after(
    position: _Position, customers: list[int], found: list[PastKey], limit: int, span: Span
) -> _Position:
    """Return where the next chunk begins, and with how many customers."""
    if len(found) > limit:
        last = found[limit - 1]
        done = customers.index(last.customer_id)
        return _Position(last, position.looked_at + done, max(2, done))
    return _Position(
        PastKey(customers[-1], span.until, 0, 0),
        position.looked_at + len(customers),
        min(CUSTOMERS_PER_CHUNK, 2 * position.customers),
    )
