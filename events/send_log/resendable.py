"""Why an entry of the send log cannot be sent again, in an owner's words. Pure."""

from dataclasses import dataclass
from typing import Final

from events.catalogue import EVENT_NAMES
from events.identify import IDENTIFY

ACCEPTED, SKIPPED = "accepted", "skipped"
RESENDABLE_EVENTS: Final = tuple(sorted(EVENT_NAMES | {IDENTIFY}))
"""Event names of entries that can be sent again. The name of a test event is not among them."""

OFF_REASON: Final = (
    "The integration is switched off, so nothing is sent. Switch it on, then send this again."
)


@dataclass(frozen=True, slots=True)
class ResendCase:
    """What decides whether an entry can be sent again.

    `resent` says in words when the entry was sent again; empty when it was not.
    """

    event: str
    outcome: str
    has_facts: bool
    customer_exists: bool
    enabled: bool
    muted: bool
    resent: str = ""


def why_not_resendable(case: ResendCase) -> str:
    """Return the reason, empty when the entry can be sent again."""
    return _reason_for_good(case) or _reason_for_now(case)


def _reason_for_good(case: ResendCase) -> str:
    """Return why the entry can never be sent again, whatever the owner switches."""
    if case.outcome == ACCEPTED:
        return "Segment has this message. It would drop a second copy, so it cannot be sent again."
    if case.event not in RESENDABLE_EVENTS:
        return (
            "A test event cannot be sent again. Send a new one from the Segment integration page."
        )
    if case.resent:
        return f"It was sent again {case.resent}. The result is in the send log."
    if not case.customer_exists:
        return "The customer was deleted, so nothing about them is sent any more."
    if case.event == IDENTIFY and case.outcome == SKIPPED:
        return "Segment has these details already, so there is nothing to send again."
    return (
        ""
        if case.has_facts
        else "The content of this message was not kept, so it cannot be sent again."
    )


def _reason_for_now(case: ResendCase) -> str:
    """Return which switch keeps the entry from being sent again."""
    if not case.enabled:
        return OFF_REASON
    return (
        f"“{case.event}” is switched off on the Segment integration page. "
        "Switch it on, then send this again."
        if case.muted
        else ""
    )
