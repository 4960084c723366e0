"""What happened to a message, in an owner's words, and what to do about it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from customers.business_clock import BusinessClock
from events.identify import IDENTIFY
from events.models import Outcome
from events.timeline.sentences import title as event_title
from smrt_integration.delivery.build import DELETED, UNCHANGED
from smrt_integration.delivery.send_test_event import TEST_EVENT


@dataclass(frozen=True, slots=True)
class OutcomeBadge:
    """An outcome as pages show it: a word, an icon, and the CSS class that colours them."""

    word: str
    icon: str
    kind: str


OUTCOME_BADGES: Final = {
    Outcome.ACCEPTED.value: OutcomeBadge("Accepted", "check_circle", "good"),
    Outcome.REJECTED.value: OutcomeBadge("Refused", "error", "bad"),
    Outcome.SKIPPED.value: OutcomeBadge("Not sent", "block", "calm"),
    Outcome.EXPIRED.value: OutcomeBadge("Expired", "timer_off", "bad"),
    Outcome.UNCONFIRMED.value: OutcomeBadge("Unconfirmed", "help", "calm"),
}
WAITING_BADGE: Final = OutcomeBadge("Waiting", "schedule", "wait")
FAILING_BADGE: Final = OutcomeBadge("Waiting after a failure", "warning", "bad")
HELD_BADGE: Final = OutcomeBadge("Waiting for customer details", "person_alert", "wait")


SEGMENT_REFUSED: Final = "Segment refused this message"
"""How the reason begins when Segment refused it (smrt_integration.delivery.responses)."""


def subject(event: str) -> str:
    """Return the message as the subject of a sentence."""
    if event == TEST_EVENT:
        return "The test event"
    return "The customer's details" if event == IDENTIFY else f"“{event_title(event)}”"


def message_sentence(
    event: str, outcome: str, reason: str, settled_at: datetime, clock: BusinessClock, now: datetime
) -> str:
    """Return one or two sentences about what happened to the message."""
    at = clock.when(settled_at, now)
    message, were = subject(event), "were" if event == IDENTIFY else "was"
    if outcome == Outcome.ACCEPTED:
        return f"Segment accepted {_inside_a_sentence(message)} {at}."
    if outcome == Outcome.REJECTED:
        if reason.startswith(SEGMENT_REFUSED):
            code = reason.removeprefix(SEGMENT_REFUSED)
            return f"Segment refused {_inside_a_sentence(message, 'this ')} {at}{code}"
        return f"{message} {were} refused {at}. {reason}"
    if outcome == Outcome.EXPIRED:
        return f"{message} expired {at}. {reason}"
    if outcome == Outcome.UNCONFIRMED:
        return f"Nobody knows whether Segment has {_inside_a_sentence(message, 'this ')}. {reason}"
    return f"{message} {were} not sent. {reason}"


def what_to_do(event: str, outcome: str, reason: str) -> str:
    """Return what the owner can do; empty when there is nothing to do."""
    if outcome == Outcome.REJECTED:
        if "Shorten the largest part" in reason:
            return "Shorten the part that is named, then send it again."
        if "Please tell support" in reason:
            return (
                "Tell support: the technical details below help them. "
                "Send it again when they say so."
            )
        return (
            "Look through the message below for a value that is wrong, correct it in the order "
            "or the customer, then send it again."
        )
    if outcome == Outcome.EXPIRED:
        return (
            "Check on the Segment integration page that sending works, then send it again "
            "if it still matters."
        )
    if outcome == Outcome.UNCONFIRMED and event == IDENTIFY:
        return "Nothing: a later message has the customer's newest details."
    if outcome == Outcome.UNCONFIRMED and event != TEST_EVENT:
        return (
            "Look for it in Segment or the tools behind it. If it is not there, send it again: "
            "should Segment have it after all, it drops the second copy."
        )
    if outcome == Outcome.SKIPPED and reason not in {UNCHANGED, DELETED} and event != TEST_EVENT:
        return "Nothing, unless you want it sent after all: then send it again."
    return ""


def _inside_a_sentence(message: str, before_a_name: str = "") -> str:
    if message[0].isalpha():
        return message[0].lower() + message[1:]
    return before_a_name + message
