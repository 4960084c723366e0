"""What needs the owner's attention, most urgent first. Pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from events.catalogue import CUSTOMER_BIRTHDAY
from events.standing import Standing, State, duration, events, state_of

LONG: Final = timedelta(hours=1)


class Lead(Enum):
    """Where its link leads."""

    INTEGRATION = "integration"
    WAITING = "waiting"
    REJECTED = "rejected"
    EXPIRED = "expired"
    ANSWERS = "answers"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Matter:
    text: str
    do: str
    lead: Lead
    urgent: bool = False


def matters(
    standing: Standing,
    muted: list[str],
    has_birthday_field: bool,
    month: Counter[str],
    now: datetime,
) -> list[Matter]:
    """`month`: outcomes of the last 30 days."""
    state = state_of(standing, now)
    found = []
    if state is State.OFF:
        found.append(
            Matter(
                "The integration is switched off: nothing is recorded and nothing is sent.",
                "Switch on",
                Lead.INTEGRATION,
            )
        )
    if state is State.STOPPED:
        found.append(
            Matter(
                "Sending has stopped. Nothing is lost, but nothing leaves before you repair it.",
                "Repair it",
                Lead.INTEGRATION,
                urgent=True,
            )
        )
    if state is State.CHOOSING:
        found.append(
            Matter(
                "Events from before you switched on are waiting for your choice.",
                "Choose",
                Lead.INTEGRATION,
                urgent=True,
            )
        )
    if _waits_for_long(standing, now) and state not in {State.STOPPED, State.CHOOSING}:
        waits = duration(now - standing.oldest_waiting_at) if standing.oldest_waiting_at else ""
        found.append(
            Matter(
                f"{events(standing.waiting)} waiting, the oldest for {waits}.",
                "See what waits",
                Lead.WAITING,
                urgent=True,
            )
        )
    if month["rejected"]:
        found.append(
            Matter(
                f"{events(month['rejected'])} rejected in the last 30 days.",
                "See why",
                Lead.REJECTED,
            )
        )
    if month["expired"]:
        found.append(
            Matter(
                f"{events(month['expired'])} expired in the last 30 days: they waited too long.",
                "See which",
                Lead.EXPIRED,
            )
        )
    if standing.enabled and CUSTOMER_BIRTHDAY not in muted and not has_birthday_field:
        found.append(
            Matter(
                f"{CUSTOMER_BIRTHDAY} is on, but no birthday field is chosen: none can be sent.",
                "Choose the field",
                Lead.INTEGRATION,
            )
        )
    return found


def of_texts(problem: str, unread: int) -> list[Matter]:
    """`problem`: why no text leaves, in a sentence; `unread`: answers that nobody has handled."""
    found = []
    if problem:
        found.append(
            Matter(
                f"Texts have stopped. {problem}", "Look at the settings", Lead.TEXTS, urgent=True
            )
        )
    if unread:
        one = unread == 1
        waiting = "answer to your texts waits" if one else "answers to your texts wait"
        found.append(
            Matter(
                f"{unread:,} {waiting} for somebody to read {'it' if one else 'them'}.",
                "Read",
                Lead.ANSWERS,
            )
        )
    return found


def never_sent(standing: Standing) -> bool:
    """Nobody has switched it on yet, as far as anybody can tell."""
    return not standing.enabled and standing.last_accepted_at is None


def _waits_for_long(standing: Standing, now: datetime) -> bool:
    return (
        standing.enabled
        and standing.oldest_waiting_at is not None
        and now - standing.oldest_waiting_at >= LONG
    )
