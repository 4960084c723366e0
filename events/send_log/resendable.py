"""Whether a send log entry can be sent again, and if not, why, in an owner's words. Pure."""

from dataclasses import dataclass
from typing import Final

from events.catalogue import EVENT_NAMES

IDENTIFY: Final = "identify"
ACCEPTED, SKIPPED = "accepted", "skipped"
SENDABLE: Final = tuple(sorted(EVENT_NAMES | {IDENTIFY}))
"""Events that can be sent again. A test event is none of them."""

OFF: Final = (
    "The integration is switched off, so nothing is sent. Switch it on, then send this again."
)


@dataclass(frozen=True, slots=True)
class ResendCase:
    """`resent` is when it was sent again already, in words; empty when it was not."""

    event: str
    outcome: str
    has_facts: bool
    customer_known: bool
    enabled: bool
    muted: bool
    resent: str = ""


def why_not_resendable(case: ResendCase) -> str:
    """Empty when it can be sent again."""
    return _for_good(case) or _for_now(case)


def _for_good(case: ResendCase) -> str:
    if case.outcome == ACCEPTED:
        return "Segment has it. Sent once more, it would be dropped as a repetition, so it cannot be sent again."
    if case.event not in SENDABLE:
        return "A test event is not sent again: send another one from the integration's page."
    if case.resent:
        return f"It was sent again {case.resent}. What became of that is an entry of its own."
    if not case.customer_known:
        return "The customer was deleted, so nothing of theirs is sent any more."
    if case.event == IDENTIFY and case.outcome == SKIPPED:
        return "There is nothing to send again: Segment has these details already."
    return "" if case.has_facts else "What it said was not kept, so it cannot be sent again."


def _for_now(case: ResendCase) -> str:
    if not case.enabled:
        return OFF
    return (
        f"“{case.event}” is switched off in the settings. Switch it on, then send this again."
        if case.muted
        else ""
    )
