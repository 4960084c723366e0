"""Sending again what Segment did not take: into the outbox under its old message id, by the gate that every event passes.

The same message id, so that Segment drops it should it have taken it after all. `Resent` has one row per entry of the send log, written by
the statement that fills the outbox: whoever asks twice, and two who ask at once, send it once. What is refused again is a new entry.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from customers.models import Customer
from events import wake
from events.identify import IDENTIFY
from events.lanes.status import when
from events.models import Integration, Request, Resent, SendLog
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import record_found
from events.send_log import pages
from events.send_log.filter import MessageFilter
from events.send_log.pages import LogEntry, LogPosition
from events.send_log.resendable import SENDABLE, ResendCase

# One short transaction each.
PORTION: Final = 1_000
# As long as a counter that saves one of these customers may have to wait for a portion, about.
PATIENCE: Final = "500ms"

NOTED: Final = """
meant AS MATERIALIZED (
    SELECT l.* FROM unnest(%(ids)s::bigint[], %(moments)s::timestamptz[]) AS p (id, settled_at) CROSS JOIN LATERAL (
        SELECT s.id, s.business_id, s.customer_id, s.event, s.subject_id, s.message_id, s.occurred_at, s.facts FROM events_sendlog s
        WHERE s.id = p.id AND s.settled_at = p.settled_at AND s.business_id = %(business)s
            AND s.outcome <> 'accepted' AND s.facts IS NOT NULL AND s.event = ANY (%(sendable)s) {kind}
    ) l
), noted AS (
    INSERT INTO events_resent (log_id, business_id, at, by_id)
    SELECT m.id, m.business_id, %(now)s, %(by)s FROM meant m
    JOIN customers_customer c ON c.id = m.customer_id AND c.business_id = m.business_id
    JOIN events_integration i ON i.business_id = m.business_id AND i.enabled AND m.event <> ALL (i.muted)
    ORDER BY m.id
    ON CONFLICT (log_id) DO NOTHING
    RETURNING log_id
)
"""
EVENTS: Final = f"""
WITH {NOTED.format(kind=f"AND s.event <> '{IDENTIFY}'")}
INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT m.business_id, m.customer_id, c.uuid, m.event, m.subject_id, m.message_id, m.occurred_at, m.facts
FROM noted n JOIN meant m ON m.id = n.log_id JOIN customers_customer c ON c.id = m.customer_id
ORDER BY m.id
"""
# A customer's details are sent as they are now, once, however many entries there are of them.
IDENTIFIES: Final = f"""
{NOTED.format(kind=f"AND s.event = '{IDENTIFY}' AND s.outcome <> 'skipped'")}, found AS (
    SELECT DISTINCT ON (m.customer_id) m.business_id, m.customer_id, m.event, m.customer_id AS subject_id,
        %(now)s::timestamptz AS occurred_at, '{{}}'::jsonb AS facts
    FROM noted n JOIN meant m ON m.id = n.log_id ORDER BY m.customer_id
)
"""


@transaction.atomic
def resend(business_id: int, entries: Sequence[LogEntry], by: int | None, now: datetime) -> int:
    """Put these of the business's entries into the outbox, as far as they can be sent again. Answers how many messages wait now."""
    params: dict[str, Any] = {
        "business": business_id,
        "ids": [entry.id for entry in entries],
        "moments": [entry.settled_at for entry in entries],
        "sendable": list(SENDABLE),
        "now": now,
        "by": by,
    }
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, params)
        recorded = int(cursor.rowcount)
    if recorded:
        wake.after_commit()
    return recorded + record_found(IDENTIFIES, params)


def resend_case(entry: SendLog, zone: str, now: datetime) -> ResendCase:
    """All that decides whether the entry can be sent again; times are told on the clock of the `zone`."""
    integration = Integration.objects.filter(pk=entry.business_id).first()
    resent = Resent.objects.filter(log_id=entry.pk).first()
    return ResendCase(
        event=entry.event,
        outcome=entry.outcome,
        has_facts=entry.facts is not None,
        customer_known=Customer.objects.filter(
            pk=entry.customer_id, business_id=entry.business_id
        ).exists(),
        enabled=bool(integration and integration.enabled),
        muted=bool(integration and entry.event in integration.muted),
        resent=when(resent.at, now, zone) if resent else "",
    )


@transaction.atomic
def request_resend(matching: MessageFilter, by: Any, now: datetime) -> Request | None:
    """Have everything of the one business sent again that matches now. What is logged from here on is not meant. None when the business is
    switched off, or nothing matches; a request that is being carried out already is not made twice."""
    (business_id,) = matching.businesses or ()
    if (
        not Integration.objects.select_for_update(no_key=True)
        .filter(pk=business_id, enabled=True)
        .exists()
    ):
        return None
    meant = matching.as_json()
    under_way = open_resends([business_id]).filter(matching__meant=meant).first()
    expected = pages.count(matching)
    if under_way or not expected:
        return under_way
    request = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.SEND_AGAIN,
        requested_by=by,
        requested_at=now,
        matching={"meant": meant, "up_to": pages.newest_id()},
        expected=expected,
    )
    wake.run_jobs_after_commit()
    return request


def open_resends(business_ids: Sequence[int]) -> QuerySet[Request]:
    return Request.objects.filter(
        business_id__in=business_ids, kind=Request.Kind.SEND_AGAIN, finished_at=None
    ).order_by("id")


def resend_chunk(request: Request, now: datetime) -> bool:
    """Send some of what was meant again, oldest first. Waits while a save holds one of these customers for long."""
    matching = MessageFilter.of_json(request.matching["meant"])
    after = LogPosition.of(request.position.get("after", ""))
    page = pages.page(matching, PORTION, after, newest_first=False, up_to=request.matching["up_to"])
    with suppress(LockTimeout), lock_timeout(PATIENCE):
        recorded = resend(request.business_id, page.entries, request.requested_by_id, now)
        request.done += recorded
        request.passed_over += len(page.entries) - recorded
        if page.entries:
            request.position = {"after": str(page.entries[-1].place)}
        return not page.more
    return False
