"""What needs the owner's attention, most urgent first. Pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from events.catalogue import CUSTOMER_BIRTHDAY
from events.lanes.status import LaneState, LaneStatus, duration, events, state_of

LONG: Final = timedelta(hours=1)


class AttentionLink(Enum):
    """Where its link leads."""

    INTEGRATION = "integration"
    WAITING = "waiting"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ANSWERS = "answers"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class AttentionItem:
    text: str
    do: str
    lead: AttentionLink
    urgent: bool = False


def attention_items(
    standing: LaneStatus,
    muted: list[str],
    has_birthday_field: bool,
    month: Counter[str],
    now: datetime,
) -> list[AttentionItem]:
    """`month`: outcomes of the last 30 days."""
    state = state_of(standing, now)
    found = []
    if state is LaneState.OFF:
        found.append(
            AttentionItem(
                "The integration is switched off: nothing is recorded and nothing is sent.",
                "Switch on",
                AttentionLink.INTEGRATION,
            )
        )
    if state is LaneState.STOPPED:
        found.append(
            AttentionItem(
                "Sending has stopped. Nothing is lost, but nothing leaves before you repair it.",
                "Repair it",
                AttentionLink.INTEGRATION,
                urgent=True,
            )
        )
    if state is LaneState.CHOOSING:
        found.append(
            AttentionItem(
                "Events from before you switched on are waiting for your choice.",
                "Choose",
                AttentionLink.INTEGRATION,
                urgent=True,
            )
        )
    if _waits_for_long(standing, now) and state not in {LaneState.STOPPED, LaneState.CHOOSING}:
        waits = duration(now - standing.oldest_waiting_at) if standing.oldest_waiting_at else ""
        found.append(
            AttentionItem(
                f"{events(standing.waiting)} waiting, the oldest for {waits}.",
                "See what waits",
                AttentionLink.WAITING,
                urgent=True,
            )
        )
    if month["rejected"]:
        found.append(
            AttentionItem(
                f"{events(month['rejected'])} rejected in the last 30 days.",
                "See why",
                AttentionLink.REJECTED,
            )
        )
    if month["expired"]:
        found.append(
            AttentionItem(
                f"{events(month['expired'])} expired in the last 30 days: they waited too long.",
                "See which",
                AttentionLink.EXPIRED,
            )
        )
    if standing.enabled and CUSTOMER_BIRTHDAY not in muted and not has_birthday_field:
        found.append(
            AttentionItem(
                f"{CUSTOMER_BIRTHDAY} is on, but no birthday field is chosen: none can be sent.",
                "Choose the field",
                AttentionLink.INTEGRATION,
            )
        )
    return found


def of_texts(problem: str, unread: int) -> list[AttentionItem]:
    """`problem`: why no text leaves, in a sentence; `unread`: answers that nobody has handled."""
    found = []
    if problem:
        found.append(
            AttentionItem(
                f"Texts have stopped. {problem}",
                "Look at the settings",
                AttentionLink.TEXTS,
                urgent=True,
            )
        )
    if unread:
        one = unread == 1
        waiting = "answer to your texts waits" if one else "answers to your texts wait"
        found.append(
            AttentionItem(
                f"{unread:,} {waiting} for somebody to read {'it' if one else 'them'}.",
                "Read",
                AttentionLink.ANSWERS,
            )
        )
    return found


def never_sent(standing: LaneStatus) -> bool:
    """Nobody has switched it on yet, as far as anybody can tell."""
    return not standing.enabled and standing.last_accepted_at is None


def _waits_for_long(standing: LaneStatus, now: datetime) -> bool:
    return (
        standing.enabled
        and standing.oldest_waiting_at is not None
        and now - standing.oldest_waiting_at >= LONG
    )
