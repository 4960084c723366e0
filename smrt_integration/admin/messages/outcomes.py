"""What became of a message, in an owner's words, and what there is to do. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events.identify import IDENTIFY
from events.lanes.status import clock
from events.models import Outcome
from smrt_integration.admin.messages.filters import name_of
from smrt_integration.delivery.build import DELETED, UNCHANGED
from smrt_integration.delivery.send_test_event import TEST_EVENT


@dataclass(frozen=True, slots=True)
class OutcomeBadge:
    """An outcome as it is shown: a word, an icon, and the kind that gives it its colour."""

    word: str
    icon: str
    kind: str


OUTCOME_BADGES: Final = {
    Outcome.ACCEPTED.value: OutcomeBadge("Accepted", "check_circle", "good"),
    Outcome.REJECTED.value: OutcomeBadge("Refused", "error", "bad"),
    Outcome.SKIPPED.value: OutcomeBadge("Not sent", "block", "calm"),
    Outcome.EXPIRED.value: OutcomeBadge("Expired", "timer_off", "bad"),
}
WAITING: Final = OutcomeBadge("Waiting", "schedule", "wait")
FAILING: Final = OutcomeBadge("Waiting after a failure", "warning", "bad")


def what(event: str) -> str:
    """As the subject of a sentence."""
    return (
        "The test event"
        if event == TEST_EVENT
        else "The customer's details"
        if event == IDENTIFY
        else f"“{name_of(event)}”"
    )


def outcome_sentence(
    event: str, outcome: str, reason: str, settled_at: datetime, time_zone: str, now: datetime
) -> str:
    """One sentence, or two."""
    at = clock(settled_at, now, time_zone)
    subject, were = what(event), "were" if event == IDENTIFY else "was"
    if outcome == Outcome.ACCEPTED:
        return f"Segment accepted {_lower(subject)} {_at(at)}."
    if outcome == Outcome.REJECTED:
        return f"{subject} could not be taken {_at(at)}. {reason}"
    if outcome == Outcome.EXPIRED:
        return f"{subject} {were} given up {_at(at)}. {reason}"
    return f"{subject} {were} not sent. {reason}"


def to_do(event: str, outcome: str, reason: str) -> str:
    """Empty when there is nothing to do."""
    if outcome == Outcome.REJECTED:
        if "Shorten the largest part" in reason:
            return "Shorten the part that is named, then send it again."
        if "Please tell support" in reason:
            return "Tell support: the technical detail below helps them. Send it again once they say so."
        return "Look for a value that is odd in the message below, mend it where it comes from, then send it again."
    if outcome == Outcome.EXPIRED:
        return "See on the integration's page that sending works again, then send it again if it still matters."
    if outcome == Outcome.SKIPPED and reason not in {UNCHANGED, DELETED} and event != TEST_EVENT:
        return "Nothing, unless you want it sent after all: then send it again."
    return ""


def _at(at: str) -> str:
    """14:05 -> at 14:05; 21 November 14:05 -> on 21 November 14:05."""
    return at if at.startswith("yesterday") else f"on {at}" if " " in at else f"at {at}"


def _lower(subject: str) -> str:
    return subject[0].lower() + subject[1:] if subject[0].isalpha() else subject
