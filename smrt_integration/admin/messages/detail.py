"""One message: what became of it and what to do, what it says, when it was tried, and what else there is of it."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from customers import access
from customers.models import Business
from events.identify import IDENTIFY
from events.jobs.resend import resend_case
from events.lanes.read_status import lane_statuses
from events.lanes.status import clock, remedy, status_sentence
from events.models import DeliveryAttempt, Outgoing, SendLog
from events.send_log.resendable import why_not_resendable
from smrt_integration.admin.messages.filters import name_of
from smrt_integration.admin.messages.outcomes import (
    FAILING,
    OUTCOME_BADGES,
    WAITING,
    outcome_sentence,
    to_do,
)
from smrt_integration.admin.messages.rows import people_of

ATTEMPTS: Final = 20
"""Shown at most: those nearest to the message's end."""
LOOKED_BACK: Final = timedelta(days=1)
"""For attempts before its last: attempts tell the business and not each message, so a longer look would only show others'."""
OTHERS: Final = 20


def sent(user: Any, entry: SendLog, now: datetime) -> dict[str, Any]:
    zone = _zone(entry.business_id)
    case = resend_case(entry, zone, now)
    refused = why_not_resendable(case)
    return {
        **_common(entry, zone, now),
        "sign": OUTCOME_BADGES[entry.outcome],
        "became": outcome_sentence(
            entry.event, entry.outcome, entry.reason, entry.settled_at, zone, now
        ),
        "to_do": "" if case.resent else to_do(entry.event, entry.outcome, entry.reason),
        "may_send_again": not refused and access.may_resend(user, entry.business_id),
        "not_again": refused,
        "sent_at": entry.sent_at and clock(entry.sent_at, now, zone),
        "settled_at": clock(entry.settled_at, now, zone),
        "pretty": _pretty(entry.message),
        "facts": _pretty(entry.facts) if not entry.body else "",
        "attempts": _attempts(
            entry.business_id,
            (entry.sent_at or entry.settled_at) - LOOKED_BACK,
            entry.settled_at,
            zone,
            now,
        )
        if entry.attempts
        else [],
        "others": _others(entry, zone, now),
    }


def waiting(row: Outgoing, now: datetime) -> dict[str, Any]:
    zone = _zone(row.business_id)
    standing = lane_statuses([row.business_id]).get(row.business_id)
    return {
        **_common(row, zone, now),
        "sign": FAILING if row.last_error else WAITING,
        "became": f"It has waited since {clock(row.recorded_at, now, zone)}. {row.last_error}",
        "standing": status_sentence(standing, now) if standing else "Its business is gone.",
        "to_do": remedy(standing) if standing else "",
        "facts": _pretty(row.facts) if row.event != IDENTIFY else "",
        "attempts": _attempts(row.business_id, row.recorded_at, now, zone, now)
        if row.attempts
        else [],
        "others": _others(row, zone, now),
    }


def _common(row: SendLog | Outgoing, zone: str, now: datetime) -> dict[str, Any]:
    person = people_of([row])[row.pk]
    return {
        "title": f"{name_of(row.event)}, {person.name}",
        "event": name_of(row.event),
        "person": person,
        "happened": clock(row.occurred_at, now, zone),
        "zone": zone,
        "business": Business.objects.filter(pk=row.business_id).first(),
        "tries": row.attempts,
    }


def _zone(business_id: int) -> str:
    return (
        Business.objects.filter(pk=business_id).values_list("time_zone", flat=True).first() or "UTC"
    )


def _pretty(found: Any) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) if found else ""


def _attempts(
    business_id: int, since: datetime, until: datetime, zone: str, now: datetime
) -> list[dict[str, Any]]:
    """The business's requests to Segment in that time, newest first; each took several messages along, perhaps this one."""
    rows = DeliveryAttempt.objects.filter(
        business_id=business_id, at__gte=since, at__lte=until
    ).order_by("-at")[:ATTEMPTS]
    return [
        {
            "at": f"{clock(row.at, now, zone)}:{row.at:%S}",
            "how": row.error or "Segment took it.",
            "messages": row.messages,
            "seconds": row.milliseconds / 1000,
            "status": row.status,
        }
        for row in rows
    ]


def _others(row: SendLog | Outgoing, zone: str, now: datetime) -> list[dict[str, Any]]:
    """Other entries of the same message, newest first: it was sent again."""
    found = SendLog.objects.filter(message_id=row.message_id, business_id=row.business_id).order_by(
        "-settled_at", "-id"
    )
    if isinstance(row, SendLog):
        found = found.exclude(pk=row.pk)
    others: list[dict[str, Any]] = [
        {
            "model": "sendlog",
            "id": one.pk,
            "sign": OUTCOME_BADGES[one.outcome],
            "at": clock(one.settled_at, now, zone),
        }
        for one in found[:OTHERS]
    ]
    return others
