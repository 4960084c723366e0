"""What needs the owner's attention, most urgent first. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from events.catalogue import EVENTS
from events.lanes.status import (
    HELD_REMEDY,
    LaneState,
    LaneStatus,
    asks_about_held,
    events,
    held_sentence,
    state_of,
)
from events.time_in_words import duration

URGENT_WAIT: Final = timedelta(hours=1)
"""After this long, owners get an email too (events.alerts)."""


class AttentionLink(Enum):
    """The page that an item links to."""

    INTEGRATION = "integration"
    WAITING = "waiting"
    REFUSED = "rejected"
    EXPIRED = "expired"
    REPLIES = "replies"
    TEXT_SETTINGS = "text settings"


@dataclass(frozen=True, slots=True)
class AttentionItem:
    text: str
    action: str
    link: AttentionLink
    is_urgent: bool = False


def attention_items(
    status: LaneStatus,
    muted: list[str],
    missing_settings: Collection[str],
    month: Counter[str],
    now: datetime,
) -> list[AttentionItem]:
    """Return what needs attention about sending.

    `month` counts the outcomes of the last 30 days; `missing_settings` are the fields of the
    integration that some event needs and that the owner has not chosen.
    """
    items = [*_sending_items(status, now), *_outcome_items(month)]
    if status.enabled:
        items += [
            AttentionItem(
                f"{event.name} is switched on, but {event.setting.missing}",
                event.setting.to_do,
                AttentionLink.INTEGRATION,
            )
            for event in EVENTS
            if event.setting and event.setting.field in missing_settings and event.name not in muted
        ]
    return items


def _sending_items(status: LaneStatus, now: datetime) -> Iterator[AttentionItem]:
    state = state_of(status, now)
    if state is LaneState.OFF:
        yield AttentionItem(
            "The integration is switched off: nothing is recorded and nothing is sent.",
            "Switch on",
            AttentionLink.INTEGRATION,
        )
    elif state is LaneState.STOPPED:
        yield AttentionItem(
            "Sending has stopped. Nothing is lost, but nothing is sent until you fix this.",
            "Fix it",
            AttentionLink.INTEGRATION,
            is_urgent=True,
        )
    elif state is LaneState.CHOOSING:
        yield AttentionItem(
            "Events from before you switched on are waiting. "
            "Choose whether to send or discard them.",
            "Choose",
            AttentionLink.INTEGRATION,
            is_urgent=True,
        )
    elif status.enabled and status.oldest_waiting_at is not None:
        waited = now - status.oldest_waiting_at
        if waited >= URGENT_WAIT:
            yield AttentionItem(
                f"{events(status.waiting)} waiting, the oldest for {duration(waited)}.",
                "See what is waiting",
                AttentionLink.WAITING,
                is_urgent=True,
            )
    if asks_about_held(status, now):
        yield AttentionItem(
            f"{held_sentence(status)} {HELD_REMEDY}",
            "Choose",
            AttentionLink.INTEGRATION,
            is_urgent=True,
        )


def _outcome_items(month: Counter[str]) -> Iterator[AttentionItem]:
    if month["rejected"]:
        yield AttentionItem(
            f"{events(month['rejected'])} refused in the last 30 days.",
            "See why",
            AttentionLink.REFUSED,
        )
    if month["expired"]:
        yield AttentionItem(
            f"{events(month['expired'])} expired in the last 30 days after waiting too long.",
            "See which",
            AttentionLink.EXPIRED,
        )


def text_items(problem: str, unread: int) -> list[AttentionItem]:
    """`problem`: why no texts are sent, in a sentence; `unread`: replies nobody has read."""
    items = []
    if problem:
        items.append(
            AttentionItem(
                f"No texts are being sent. {problem}",
                "Open the text settings",
                AttentionLink.TEXT_SETTINGS,
                is_urgent=True,
            )
        )
    if unread:
        replies = "reply" if unread == 1 else "replies"
        items.append(
            AttentionItem(
                f"{unread:,} unread {replies} to your texts.",
                "Read it" if unread == 1 else "Read them",
                AttentionLink.REPLIES,
            )
        )
    return items


def has_never_sent(status: LaneStatus) -> bool:
    """Return whether the integration is off and, as far as we know, always was."""
    return not status.enabled and status.last_accepted_at is None
