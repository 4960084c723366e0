"""The page of one message: what happened to it, what to do, its content and its attempts."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from customers import access
from customers.business_clock import UTC_CLOCK, BusinessClock
from customers.clock_in_use import on_page
from customers.models import Business
from events.identify import IDENTIFY
from events.jobs.resend import resend_case
from events.lanes.read_status import lane_statuses
from events.lanes.status import HELD_REASON, remedy, status_sentence
from events.models import DeliveryAttempt, HeldTrack, SendLog
from events.models.outbox import WaitingMessage
from events.send_log.lookup import entries_of
from events.send_log.resendable import why_not_resendable
from events.timeline.sentences import title as event_title
from smrt_integration.admin.messages.message_rows import customer_links, waiting_badge
from smrt_integration.admin.messages.outcomes import (
    OUTCOME_BADGES,
    message_sentence,
    what_to_do,
)

ATTEMPTS_SHOWN: Final = 20
"""The attempts nearest to the message's end; more would make the page long and say nothing new."""
ATTEMPTS_SINCE: Final = timedelta(days=1)
"""How long before the last attempt to look for others. Attempts are of a business, not of one
message: from earlier than this, most are of other messages."""
OTHER_ENTRIES_SHOWN: Final = 20
"""Other entries of the same message. Nobody sends one message again more often."""


def send_log_context(user: Any, entry: SendLog, now: datetime) -> dict[str, Any]:
    clock = _clock(entry.business_id)
    case = resend_case(entry, clock, now)
    why_not = why_not_resendable(case)
    last_sent = entry.sent_at or entry.settled_at
    return {
        **_common_context(entry, clock, now),
        "badge": OUTCOME_BADGES[entry.outcome],
        "sentence": message_sentence(
            entry.event, entry.outcome, entry.reason, entry.settled_at, clock, now
        ),
        "to_do": "" if case.resent else what_to_do(entry.event, entry.outcome, entry.reason),
        "may_resend": not why_not and access.may_resend(user, entry.business_id),
        "why_not_resendable": why_not,
        "sent_at": entry.sent_at and clock.recent(entry.sent_at, now),
        "settled_at": clock.recent(entry.settled_at, now),
        "pretty": _pretty(entry.message),
        "facts": _pretty(entry.facts) if not entry.body else "",
        "attempts": _attempts(
            entry.business_id, last_sent - ATTEMPTS_SINCE, entry.settled_at, clock, now
        )
        if entry.attempts
        else [],
        "other_entries": _other_entries(entry, clock, now),
    }


def outbox_context(row: WaitingMessage, now: datetime) -> dict[str, Any]:
    clock = _clock(row.business_id)
    status = lane_statuses([row.business_id]).get(row.business_id)
    sentence = f"Waiting since it was recorded {clock.when(row.recorded_at, now)}."
    reason = HELD_REASON if isinstance(row, HeldTrack) else row.last_error
    return {
        **_common_context(row, clock, now),
        "badge": waiting_badge(row),
        "sentence": f"{sentence} {reason}".strip(),
        "lane_sentence": status_sentence(status, now) if status else "The business was deleted.",
        "to_do": remedy(status) if status else "",
        "facts": _pretty(row.facts) if row.event != IDENTIFY else "",
        "attempts": _attempts(row.business_id, row.recorded_at, now, clock, now)
        if row.attempts
        else [],
        "other_entries": _other_entries(row, clock, now),
    }


def _common_context(
    row: SendLog | WaitingMessage, clock: BusinessClock, now: datetime
) -> dict[str, Any]:
    customer = customer_links([row])[row.pk]
    return {
        "title": f"{event_title(row.event)}, {customer.name}",
        "event": event_title(row.event),
        "customer": customer,
        "happened": clock.recent(row.occurred_at, now),
        "business": Business.objects.filter(pk=row.business_id).first(),
    }


def _clock(business_id: int) -> BusinessClock:
    business = Business.objects.filter(pk=business_id).first()
    return on_page(business.clock if business else UTC_CLOCK)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


def _attempts(
    business_id: int, since: datetime, until: datetime, clock: BusinessClock, now: datetime
) -> list[dict[str, Any]]:
    """Return the business's requests to Segment in that time, newest first.

    Each request carries several messages, perhaps this one.
    """
    rows = DeliveryAttempt.objects.filter(
        business_id=business_id, at__gte=since, at__lte=until
    ).order_by("-at")[:ATTEMPTS_SHOWN]
    return [
        {
            "at": clock.moment(row.at, seconds=True),
            "result": row.error or "Segment accepted it.",
            "messages": row.messages,
            "seconds": row.milliseconds / 1000,
            "status": row.status,
        }
        for row in rows
    ]


def _other_entries(
    row: SendLog | WaitingMessage, clock: BusinessClock, now: datetime
) -> list[dict[str, Any]]:
    """Return other entries of the same message, newest first: it was sent again."""
    entries = entries_of(row.message_id, [row.business_id])
    if isinstance(row, SendLog):
        entries = [entry for entry in entries if entry.pk != row.pk]
    return [
        {
            "id": entry.pk,
            "badge": OUTCOME_BADGES[entry.outcome],
            "at": clock.recent(entry.settled_at, now),
        }
        for entry in entries[:OTHER_ENTRIES_SHOWN]
    ]
