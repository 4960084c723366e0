"""The emails, in an owner's words: what happened, what to do, where to look. Nothing about a customer, and no key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from customers.models import Business, Membership
from events.alerts.decide import STOPPED, Email, Trouble
from events.lanes.read_status import lane_statuses
from events.lanes.status import LaneStatus, events, remedy, status_sentence
from events.time_in_words import clock

# Nobody's out-of-office note is to answer.
HEADERS: Final = {"Auto-Submitted": "auto-generated"}

SUBJECTS: Final = {
    "stopped": "nothing is sent to Segment",
    "waiting": "events are waiting for Segment",
    "well": "sending to Segment again",
}

TROUBLE: Final = """{what}

{sentence}{remedy}

{kept}

See how it stands:
{address}

{why}
"""
WELL: Final = """{name} sends to Segment again: it has worked since {since}. The trouble began at {began}.

{sentence}

You need not do anything. To look for yourself:
{address}

{why}
"""
WHY: Final = "You get this email because you own {name} in SMRT. We write once when something is wrong, and once when it is well again."
WE_KEEP_TRYING: Final = "You need not do anything: we keep trying, and write again when it is well."
KEPT: Final = "Nothing is lost: what waits is kept for 30 days, and is sent in order as soon as this is repaired."


def owners_of(business_ids: Sequence[int]) -> dict[int, list[str]]:
    """The addresses of the owners of these businesses; one whose owners have none is left out."""
    owners = Membership.objects.filter(
        business__in=business_ids, role=Membership.Role.OWNER, user__is_active=True
    ).exclude(user__email="")
    found: dict[int, list[str]] = {}
    for business_id, address in owners.order_by("business_id", "user_id").values_list(
        "business_id", "user__email"
    ):
        found.setdefault(business_id, []).append(address)
    return found


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is to be told of one business."""

    business_id: int
    trouble: Trouble
    email: Email

    @property
    def kind(self) -> str:
        return "well" if self.email is Email.WELL else self.trouble.kind


def write(
    occasions: Sequence[Occasion], owners: Mapping[int, list[str]], now: datetime
) -> dict[int, EmailMessage]:
    """By business id."""
    ids = [occasion.business_id for occasion in occasions]
    names = dict(Business.objects.filter(pk__in=ids).values_list("pk", "name"))
    standing_of = lane_statuses(ids)
    return {
        occasion.business_id: _letter(
            occasion, names[occasion.business_id], standing_of[occasion.business_id], owners, now
        )
        for occasion in occasions
        if occasion.business_id in standing_of and occasion.business_id in names
    }


def message_id(alert_id: int, kind: str) -> str:
    """Of one email: should it leave twice, because a worker died before it could note the first, the second can be told for a copy."""
    return f"<alert-{alert_id}-{kind}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def _letter(
    occasion: Occasion,
    name: str,
    standing: LaneStatus,
    owners: Mapping[int, list[str]],
    now: datetime,
) -> EmailMessage:
    name = " ".join(name.split())
    body = (_well if occasion.email is Email.WELL else _trouble)(
        name, standing, occasion.trouble, now
    )
    return EmailMessage(
        f"{name}: {SUBJECTS[occasion.kind]}",
        body,
        to=owners[occasion.business_id],
        headers=dict(HEADERS),
    )


def _trouble(name: str, standing: LaneStatus, trouble: Trouble, now: datetime) -> str:
    stopped = trouble.kind == STOPPED
    what = (
        f"The Segment integration of {name} has stopped."
        if stopped
        else _waiting(name, standing, trouble, now)
    )
    to_do = (
        remedy(standing)
        if stopped
        else remedy(standing)
        or "You need not do anything: we keep trying, and write again when it is well."
    )
    return TROUBLE.format(
        what=what,
        sentence=status_sentence(standing, now),
        remedy=f"\n\nWhat to do: {to_do}" if to_do else "",
        kept=KEPT,
        address=_address(standing.business_id),
        why=WHY.format(name=name),
    )


def _waiting(name: str, standing: LaneStatus, trouble: Trouble, now: datetime) -> str:
    since = clock(trouble.since, now, standing.time_zone)
    return f"{name} could not send to Segment for an hour: the oldest of {events(standing.waiting)} has waited since {since}."


def _well(name: str, standing: LaneStatus, trouble: Trouble, now: datetime) -> str:
    return WELL.format(
        name=name,
        since=clock(trouble.quiet_since or now, now, standing.time_zone),
        began=clock(trouble.since, now, standing.time_zone),
        sentence=status_sentence(standing, now),
        address=_address(standing.business_id),
        why=WHY.format(name=name),
    )


def _address(business_id: int) -> str:
    return settings.PUBLIC_URL + reverse("admin:events_integration_change", args=[business_id])
