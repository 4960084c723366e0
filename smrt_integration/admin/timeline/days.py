"""The time line as its page shows it: by the business's own days, with the way to each message."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from customers.zones import local_day
from events.timeline.assemble import TimelineEntry
from events.timeline.lines import WAITING, Key, MessageEntry
from events.timeline.sentences import STATE_LABELS

ICONS: Final = {
    "accepted": "check_circle",
    "rejected": "error",
    "skipped": "block",
    "expired": "timer_off",
    WAITING: "schedule",
    "not-sent": "block",
    "no-event": "block",
    "unknown": "help",
    "nothing": "remove",
}
CAN_BE_SENT_AGAIN: Final = frozenset({"rejected", "expired"})


@dataclass(frozen=True, slots=True)
class ShownLine:
    told: TimelineEntry
    time: str
    state: str
    icon: str
    address: str
    again: bool
    earlier: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Day:
    heading: str
    date: date
    lines: list[ShownLine]


def days(lines: Iterable[TimelineEntry], zone: str, now: datetime) -> list[Day]:
    by_day = groupby(lines, key=lambda told: local_day(told.at, zone))
    return [
        Day(_heading(day, local_day(now, zone)), day, [_shown(told, zone) for told in of_day])
        for day, of_day in by_day
    ]


def _shown(told: TimelineEntry, zone: str) -> ShownLine:
    time = f"{told.at.astimezone(ZoneInfo(zone)):%H:%M}"
    earlier = [(sentence, address_of(entry)) for entry, sentence in told.earlier]
    again = told.state in CAN_BE_SENT_AGAIN
    return ShownLine(
        told,
        time,
        STATE_LABELS[told.state],
        ICONS[told.state],
        address_of(told.entry),
        again,
        earlier,
    )


def _heading(day: date, today: date) -> str:
    near = {0: "Today, ", 1: "Yesterday, "}.get((today - day).days, "")
    return f"{near}{day:%A} {day.day} {day:%B %Y}"


def address_of(entry: MessageEntry | None) -> str:
    """Of its page: what was sent exactly, every attempt, and how to send it again."""
    if entry is None:
        return ""
    return reverse(
        f"admin:events_{'outgoing' if entry.outcome == WAITING else 'sendlog'}_change",
        args=[entry.id],
    )


def position_of(key: Key) -> str:
    """Where the next page goes on, for its address."""
    at, event, subject = key
    return f"{at.isoformat()}~{event}~{subject}"


def read_position(text: str) -> Key | None:
    """None, the first page, for what is no position."""
    at, _, rest = text.partition("~")
    event, _, subject = rest.rpartition("~")
    try:
        moment = parse_datetime(at)
    except ValueError:
        return None
    if (
        moment is None
        or moment.tzinfo is None
        or "\0" in event
        or not (subject.isascii() and subject.isdigit() and len(subject) < 19)
    ):
        return None
    return moment, event, int(subject)
