"""Resend what Segment does not have: put entries of the send log into the outbox again.

A message keeps its id, so that Segment drops it if it had accepted it after all. The statement
that fills the outbox also writes a `Resent` row per entry, which is unique: two requests, even at
the same time, send an entry once. If Segment refuses the message again, that is a new entry.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from customers.business_clock import BusinessClock
from customers.models import Customer
from events import wake
from events.identify import IDENTIFY
from events.models import Integration, Request, Resent, SendLog
from events.outbox.held import forget_hashes
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import record_from_query
from events.send_log import pages
from events.send_log.entries import LogEntry, LogPosition
from events.send_log.filter import MessageFilter
from events.send_log.resendable import RESENDABLE_EVENTS, ResendCase

RESEND_CHUNK_SIZE: Final = 1_000
"""Entries per transaction. It locks rows that a save may wait for, so it has to be short."""

MARK_RESENT: Final = """
entries AS MATERIALIZED (
    SELECT l.* FROM unnest(%(ids)s::bigint[], %(moments)s::timestamptz[]) AS p (id, settled_at)
    CROSS JOIN LATERAL (
        SELECT s.id, s.business_id, s.customer_id, s.event, s.subject_id, s.message_id,
            s.occurred_at, s.facts
        FROM events_sendlog s
        WHERE s.id = p.id AND s.settled_at = p.settled_at AND s.business_id = %(business)s
            AND s.outcome <> 'accepted' AND s.facts IS NOT NULL AND s.event = ANY (%(resendable)s)
            {condition}
    ) l
), marked AS (
    INSERT INTO events_resent (log_id, business_id, at, by_id)
    SELECT e.id, e.business_id, %(now)s, %(by)s FROM entries e
    JOIN customers_customer c ON c.id = e.customer_id AND c.business_id = e.business_id
    JOIN events_integration i
        ON i.business_id = e.business_id AND i.enabled AND e.event <> ALL (i.muted)
    ORDER BY e.id
    ON CONFLICT (log_id) DO NOTHING
    RETURNING log_id
)
"""
RESEND_EVENTS: Final = f"""
WITH {MARK_RESENT.format(condition=f"AND s.event <> '{IDENTIFY}'")}
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts, is_bulk
)
SELECT e.business_id, e.customer_id, c.uuid, e.event, e.subject_id, e.message_id, e.occurred_at,
    e.facts, TRUE
FROM marked JOIN entries e ON e.id = marked.log_id
JOIN customers_customer c ON c.id = e.customer_id
ORDER BY e.id
"""
# A customer's traits are sent once, as they are now, however many entries there are.
FIND_RESENT_IDENTIFIES: Final = f"""
{MARK_RESENT.format(condition=f"AND s.event = '{IDENTIFY}' AND s.outcome <> 'skipped'")},
occurrences AS (
    SELECT DISTINCT ON (e.customer_id) e.business_id, e.customer_id, e.event,
        e.customer_id AS subject_id, %(now)s::timestamptz AS occurred_at, '{{}}'::jsonb AS facts
    FROM marked JOIN entries e ON e.id = marked.log_id ORDER BY e.customer_id
)
"""


@transaction.atomic
def resend(business_id: int, entries: Sequence[LogEntry], by: int | None, now: datetime) -> int:
    """Put the business's entries that can be sent again into the outbox.

    Returns the number of messages that wait because of it.
    """
    params: dict[str, Any] = {
        "business": business_id,
        "ids": [entry.id for entry in entries],
        "moments": [entry.settled_at for entry in entries],
        "resendable": list(RESENDABLE_EVENTS),
        "now": now,
        "by": by,
    }
    with connection.cursor() as cursor:
        cursor.execute(RESEND_EVENTS, params)
        recorded = int(cursor.rowcount)
        forget_hashes(cursor, {e.customer_id for e in entries if e.event == IDENTIFY})
    if recorded:
        wake.after_commit()
    return recorded + record_from_query(FIND_RESENT_IDENTIFIES, params)


def resend_case(entry: SendLog, clock: BusinessClock, now: datetime) -> ResendCase:
    """Return what decides whether the entry can be sent again, in the clock's words."""
    integration = Integration.objects.filter(pk=entry.business_id).first()
    resent = Resent.objects.filter(log_id=entry.pk).first()
    customers = Customer.objects.filter(pk=entry.customer_id, business_id=entry.business_id)
    return ResendCase(
        event=entry.event,
        outcome=entry.outcome,
        has_facts=entry.facts is not None,
        customer_exists=customers.exists(),
        enabled=bool(integration and integration.enabled),
        muted=bool(integration and entry.event in integration.muted),
        resent=clock.when(resent.at, now) if resent else "",
    )


@transaction.atomic
def request_resend(matching: MessageFilter, by: Any, now: datetime) -> Request | None:
    """Queue a resend of everything of the one business that matches now.

    Later entries are not included. Returns the open job when there is one for the same filter, and
    None if the business is switched off or nothing matches.
    """
    (business_id,) = matching.businesses or ()
    integrations = Integration.objects.select_for_update(no_key=True)
    if not integrations.filter(pk=business_id, enabled=True).exists():
        return None
    filter_json = matching.as_json()
    open_job = open_resends([business_id]).filter(matching__meant=filter_json).first()
    expected = pages.count(matching)
    if open_job or not expected:
        return open_job
    job = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.SEND_AGAIN,
        requested_by=by,
        requested_at=now,
        matching={"meant": filter_json, "up_to": pages.newest_id()},
        expected=expected,
    )
    wake.run_jobs_after_commit()
    return job


def open_resends(business_ids: Sequence[int]) -> QuerySet[Request]:
    return Request.objects.filter(
        business_id__in=business_ids, kind=Request.Kind.SEND_AGAIN, finished_at=None
    ).order_by("id")


def resend_chunk(job: Request, now: datetime) -> bool:
    """Resend the next entries, oldest first. Returns whether the job is finished.

    If a save holds one of these customers for long, nothing is done: the next run tries again.
    """
    matching = MessageFilter.from_json(job.matching["meant"])
    after = LogPosition.parse(job.position.get("after", ""))
    page = pages.page(
        matching, RESEND_CHUNK_SIZE, after, newest_first=False, up_to=job.matching["up_to"]
    )
    with suppress(LockTimeout), lock_timeout():
        recorded = resend(job.business_id, page.entries, job.requested_by_id, now)
        job.done += recorded
        job.passed_over += len(page.entries) - recorded
        if page.entries:
            job.position = {"after": str(page.entries[-1].position)}
        return not page.more
    return False
