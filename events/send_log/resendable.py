"""Why an entry of the send log cannot be sent again, in an owner's words. Pure."""

from dataclasses import dataclass
from typing import Final

from events.catalogue import EVENT_NAMES
from events.identify import IDENTIFY

ACCEPTED, SKIPPED = "accepted", "skipped"
RESENDABLE_EVENTS: Final = tuple(sorted(EVENT_NAMES | {IDENTIFY}))
"""Names of entries that can be sent again. A test event is none of them."""

OFF_REASON: Final = (
    "The integration is switched off, so nothing is sent. Switch it on, then send this again."
)


@dataclass(frozen=True, slots=True)
class ResendCase:
    """What decides whether an entry can be sent again.

    `resent` says when it was sent again, in words. It is empty when it was not.
    """

    event: str
    outcome: str
    has_facts: bool
    customer_known: bool
    enabled: bool
    muted: bool
    resent: str = ""


def why_not_resendable(case: ResendCase) -> str:
    """Return the reason, empty when the entry can be sent again."""
    return _never(case) or _not_now(case)


def _never(case: ResendCase) -> str:
    if case.outcome == ACCEPTED:
        return "Segment has this message. It would drop a second copy, so it cannot be sent again."
    if case.event not in RESENDABLE_EVENTS:
        return (
            "A test event cannot be sent again. Send a new one from the Segment integration page."
        )
    if case.resent:
        return f"It was sent again {case.resent}. The result is in the send log."
    if not case.customer_known:
        return "The customer was deleted, so nothing about them is sent any more."
    if case.event == IDENTIFY and case.outcome == SKIPPED:
        return "Segment has these details already, so there is nothing to send again."
    return (
        ""
        if case.has_facts
        else "The content of this message was not kept, so it cannot be sent again."
    )


def _not_now(case: ResendCase) -> str:
    if not case.enabled:
        return OFF_REASON
    return (
        f"“{case.event}” is switched off on the Segment integration page. "
        "Switch it on, then send this again."
        if case.muted
        else ""
    )
