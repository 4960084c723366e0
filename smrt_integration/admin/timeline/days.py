"""The timeline's entries as the page shows them: by day in the business's time zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from django.urls import reverse
from django.utils.dateparse import parse_datetime

from customers.business_clock import BusinessClock
from events.timeline.assemble import TimelineEntry
from events.timeline.lines import WAITING, Key, MessageEntry
from events.timeline.sentences import STATE_LABELS

STATE_ICONS: Final = {
    "accepted": "check_circle",
    "rejected": "error",
    "skipped": "block",
    "expired": "timer_off",
    "unconfirmed": "help",
    WAITING: "schedule",
    "not-sent": "block",
    "no-event": "block",
    "unknown": "help",
    "nothing": "remove",
}
RESENDABLE_STATES: Final = frozenset({"rejected", "expired", "unconfirmed"})


@dataclass(frozen=True, slots=True)
class EntryRow:
    """`earlier`: sentences about the same message when it was sent before, with addresses."""

    entry: TimelineEntry
    time: str
    state: str
    icon: str
    url: str
    is_resendable: bool
    earlier: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Day:
    heading: str
    date: date
    rows: list[EntryRow]


def days(entries: Iterable[TimelineEntry], clock: BusinessClock, now: datetime) -> list[Day]:
    by_day = groupby(entries, key=lambda entry: clock.day_of(entry.at))
    return [
        Day(_heading(day, clock.day_of(now), clock), day, [_row(entry, clock) for entry in of_day])
        for day, of_day in by_day
    ]


def _row(entry: TimelineEntry, clock: BusinessClock) -> EntryRow:
    return EntryRow(
        entry=entry,
        time=clock.time(entry.at),
        state=STATE_LABELS[entry.state],
        icon=STATE_ICONS[entry.state],
        url=message_url(entry.entry),
        is_resendable=entry.state in RESENDABLE_STATES,
        earlier=[(sentence, message_url(message)) for message, sentence in entry.earlier],
    )


def _heading(day: date, today: date, clock: BusinessClock) -> str:
    prefix = {0: "Today, ", 1: "Yesterday, "}.get((today - day).days, "")
    return f"{prefix}{clock.long_day(day)}"


def message_url(entry: MessageEntry | None) -> str:
    """Return the address of the message's page; empty without a message."""
    if entry is None:
        return ""
    return reverse(
        f"admin:events_{'outgoing' if entry.outcome == WAITING else 'sendlog'}_change",
        args=[entry.id],
    )


def format_position(key: Key) -> str:
    """Return where the next page begins, for its address."""
    at, event, subject = key
    return f"{at.isoformat()}~{event}~{subject}"


def parse_position(text: str) -> Key | None:
    """Return the position; None, for the first page, when the text is none."""
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
