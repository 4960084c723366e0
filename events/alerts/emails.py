"""The emails to owners: what happened, what to do, where to look.

They contain nothing about a customer and no write key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from customers.models import Business, Membership
from events.alerts.decide import LANE_HALTED, TRACKS_HELD, Email, Problem
from events.lanes.read_status import lane_statuses
from events.lanes.status import (
    HELD_REMEDY,
    LaneStatus,
    events,
    held_sentence,
    remedy,
    status_sentence,
)

EMAIL_HEADERS: Final = {"Auto-Submitted": "auto-generated"}
"""Mail programs do not answer such an email with an out-of-office note."""

HELD_SOLVED_SUBJECT: Final = "no events are waiting for your choice any more"
SUBJECTS: Final = {
    "stopped": "events are not being sent to Segment",
    "waiting": "events are waiting to be sent to Segment",
    "held": "events are waiting for your choice",
    "solved": "events are being sent to Segment again",
}

PROBLEM_BODY: Final = """{problem}

{sentence}

What to do: {to_do}

No event is lost. Events wait for up to 30 days, and are sent in order as soon as this is fixed.

See the status and the waiting events:
{url}

{footer}
"""
SOLVED_BODY: Final = """{name} sends events to Segment again. It has worked since {since}. \
The problem began {began}.

{sentence}

You need not do anything. To see the status:
{url}

{footer}
"""
HELD_SOLVED_BODY: Final = """No event of {name} has been waiting for your choice since {since}.

{sentence}

You need not do anything. To see the status:
{url}

{footer}
"""
FOOTER: Final = """Times are in the time zone {zone}.
You get this email because you are an owner of {name} in SMRT.
We write once when there is a problem, and once when it is solved."""
WE_KEEP_TRYING: Final = "Nothing. We keep trying, and write again when it is solved."
RESUME: Final = "Open the page below and save the settings, so that we try again."


def owners_of(business_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return business id -> the email addresses of its owners.

    A business whose owners have no address is left out.
    """
    owners = Membership.objects.filter(
        business__in=business_ids, role=Membership.Role.OWNER, user__is_active=True
    ).exclude(user__email="")
    rows = owners.order_by("business_id", "user_id").values_list("business_id", "user__email")
    addresses: dict[int, list[str]] = {}
    for business_id, address in rows:
        addresses.setdefault(business_id, []).append(address)
    return addresses


@dataclass(frozen=True, slots=True)
class DueEmail:
    """An email that is due to the owners of one business."""

    business_id: int
    problem: Problem
    email: Email

    @property
    def kind(self) -> str:
        return "solved" if self.email is Email.SOLVED else self.problem.kind


def write_emails(
    due: Sequence[DueEmail], owners: Mapping[int, list[str]], now: datetime
) -> dict[int, EmailMessage]:
    """Return the emails by business id. A business that was deleted is left out."""
    ids = [email.business_id for email in due]
    names = dict(Business.objects.filter(pk__in=ids).values_list("pk", "name"))
    statuses = lane_statuses(ids)
    return {
        email.business_id: _write_email(
            email, names[email.business_id], statuses[email.business_id], owners, now
        )
        for email in due
        if email.business_id in statuses and email.business_id in names
    }


def message_id(alert_id: int, kind: str) -> str:
    """Return a stable Message-ID.

    If a worker dies after sending, mail programs recognise the second copy.
    """
    return f"<alert-{alert_id}-{kind}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def _write_email(
    due: DueEmail,
    name: str,
    status: LaneStatus,
    owners: Mapping[int, list[str]],
    now: datetime,
) -> EmailMessage:
    name = " ".join(name.split())
    body = _solved_body if due.email is Email.SOLVED else _problem_body
    return EmailMessage(
        f"{name}: {_subject(due)}",
        body(name, status, due.problem, now),
        to=owners[due.business_id],
        headers=dict(EMAIL_HEADERS),
    )


def _subject(due: DueEmail) -> str:
    is_about_held = due.problem.kind == TRACKS_HELD and due.email is Email.SOLVED
    return HELD_SOLVED_SUBJECT if is_about_held else SUBJECTS[due.kind]


def _problem_body(name: str, status: LaneStatus, problem: Problem, now: datetime) -> str:
    if problem.kind == LANE_HALTED:
        sentence = f"The Segment integration of {name} has stopped sending events."
        to_do = remedy(status) or RESUME
    elif problem.kind == TRACKS_HELD:
        sentence = f"{name}: {held_sentence(status)} Events of other customers are sent as usual."
        to_do = HELD_REMEDY
    else:
        sentence = _waiting_sentence(name, status, problem, now)
        to_do = remedy(status) or WE_KEEP_TRYING
    return PROBLEM_BODY.format(
        problem=sentence,
        sentence=status_sentence(status, now),
        to_do=to_do,
        url=_status_url(status.business_id),
        footer=FOOTER.format(name=name, zone=status.time_zone),
    )


def _waiting_sentence(name: str, status: LaneStatus, problem: Problem, now: datetime) -> str:
    since = status.clock.recent(problem.since, now)
    if status.waiting == 1:
        waiting = f"1 event has been waiting since {since}"
    else:
        waiting = f"The oldest of {events(status.waiting)} has been waiting since {since}"
    return f"{name} could not send events to Segment for an hour. {waiting}."


def _solved_body(name: str, status: LaneStatus, problem: Problem, now: datetime) -> str:
    body = HELD_SOLVED_BODY if problem.kind == TRACKS_HELD else SOLVED_BODY
    return body.format(
        name=name,
        since=status.clock.recent(problem.quiet_since or now, now),
        began=status.clock.when(problem.since, now),
        sentence=status_sentence(status, now),
        url=_status_url(status.business_id),
        footer=FOOTER.format(name=name, zone=status.time_zone),
    )


def _status_url(business_id: int) -> str:
    return settings.PUBLIC_URL + reverse("admin:events_integration_change", args=[business_id])
