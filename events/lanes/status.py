"""How a business's sending stands, in an owner's words. Pure; `events.lanes.read_status` fetches the values."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

COUNTED_MESSAGES: Final = 10_000
"""Waiting messages are counted up to here: one more means that there are more, so that no page's cost grows with a backlog."""

# Why a lane is stopped that waits for its owner, or for what the owner asked for, and not because of Segment.
CHOICE_WANTED: Final = (
    "Events from before you switched on are waiting. Choose what becomes of them."
)
DISCARDING: Final = "Old events are being discarded. Sending goes on by itself after that."

ANSWERED = re.compile(r"it answered (\d{3})")


class LaneState(Enum):
    OFF = "Off"
    CHOOSING = "Your choice is needed"
    DISCARDING = "Discarding old events"
    STOPPED = "Stopped"
    TROUBLED = "Waiting"
    SENDING = "Sending"
    WELL = "On"
    NEW = "On, nothing sent yet"


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """Of one business. `waiting` counts the messages in its outbox up to COUNTED + 1; `stopped` and `last_error` are the lane's."""

    business_id: int
    time_zone: str
    enabled: bool = False
    has_key: bool = False
    stopped: str = ""
    stopped_at: datetime | None = None
    last_error: str = ""
    failing_since: datetime | None = None
    resume_at: datetime | None = None
    failures: int = 0
    last_accepted_at: datetime | None = None
    waiting: int = 0
    oldest_waiting_at: datetime | None = None


def state_of(standing: LaneStatus, now: datetime) -> LaneState:
    if standing.stopped == DISCARDING:
        return LaneState.DISCARDING
    if not standing.enabled:
        return LaneState.OFF
    if standing.stopped:
        return LaneState.CHOOSING if standing.stopped == CHOICE_WANTED else LaneState.STOPPED
    if standing.waiting:
        return LaneState.TROUBLED if standing.last_error else LaneState.SENDING
    return LaneState.WELL if standing.last_accepted_at else LaneState.NEW


def status_sentence(standing: LaneStatus, now: datetime) -> str:
    """The one line that says how it stands. What there is to do about it is in `remedy`."""
    return _SENTENCES[state_of(standing, now)](standing, now)


def remedy(standing: LaneStatus) -> str:
    """What the owner has to do; empty when that is nothing."""
    if not standing.enabled:
        return (
            ""
            if standing.has_key
            else "Enter the write key of your Segment source, then switch on."
        )
    if standing.stopped == DISCARDING:
        return ""
    return standing.stopped.partition(". ")[2]


def events(count: int) -> str:
    """1 event, 12 events, more than 10,000 events."""
    if count > COUNTED_MESSAGES:
        return f"more than {COUNTED_MESSAGES:,} events"
    return "1 event" if count == 1 else f"{count:,} events"


def ago(moment: datetime, now: datetime) -> str:
    past = now - moment
    return "just now" if past < timedelta(seconds=1) else f"{duration(past)} ago"


def duration(time: timedelta) -> str:
    """In the largest unit that it fills, rounded down: 40 seconds, 1 minute, 3 hours, 2 days."""
    seconds = max(0, int(time.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return _plural(seconds // size, unit)
    return _plural(seconds, "second")


def clock(moment: datetime, now: datetime, time_zone: str) -> str:
    """On the business's clock: 14:05, yesterday 14:05, or 21 November 14:05."""
    there, today = (
        moment.astimezone(ZoneInfo(time_zone)),
        now.astimezone(ZoneInfo(time_zone)).date(),
    )
    time = f"{there:%H:%M}"
    if there.date() == today:
        return time
    if there.date() == today - timedelta(days=1):
        return f"yesterday {time}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there.day} {there:%B}{year} {time}"


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _are(count: int, verb: str = "are waiting") -> str:
    """12 events are waiting, 1 event is waiting."""
    one = {"are waiting": "is waiting", "wait": "waits"}[verb]
    counted = events(count)
    return f"{counted[0].upper()}{counted[1:]} {one if count == 1 else verb}"


def _off(standing: LaneStatus, now: datetime) -> str:
    if not standing.waiting:
        return "Switched off. Nothing is recorded and nothing is sent."
    return f"Switched off. {_are(standing.waiting)} from before; you will be asked what becomes of them when you switch on."


def _choosing(standing: LaneStatus, now: datetime) -> str:
    return (
        f"On, but nothing is sent yet. {_are(standing.waiting)}, some from before you switched on."
    )


def _discarding(standing: LaneStatus, now: datetime) -> str:
    return standing.stopped


def _stopped(standing: LaneStatus, now: datetime) -> str:
    cause = standing.stopped.partition(". ")[0].removesuffix(".")
    since = (
        f" at {clock(standing.stopped_at, now, standing.time_zone)}" if standing.stopped_at else ""
    )
    kept = f" {_are(standing.waiting, 'wait')} and will be sent." if standing.waiting else ""
    return f"Stopped{since}: {cause}.{kept}"


def _troubled(standing: LaneStatus, now: datetime) -> str:
    since = (
        f" since {clock(standing.failing_since, now, standing.time_zone)}"
        if standing.failing_since
        else ""
    )
    answered = ANSWERED.search(standing.last_error)
    if answered:
        return f"{_are(standing.waiting)} because Segment answers {answered[1]}{since}. {_next_try(standing, now)}"
    return f"{_are(standing.waiting)}{since}. {standing.last_error} {_next_try(standing, now)}"


def _next_try(standing: LaneStatus, now: datetime) -> str:
    if standing.resume_at is None or standing.resume_at - now < timedelta(seconds=1):
        return "Next try now."
    return f"Next try in {duration(standing.resume_at - now)}."


def _sending(standing: LaneStatus, now: datetime) -> str:
    return f"On. {_are(standing.waiting)} to leave in a moment."


def _well(standing: LaneStatus, now: datetime) -> str:
    accepted = standing.last_accepted_at or now
    return f"On. Segment last accepted something {ago(accepted, now)}."


def _new(standing: LaneStatus, now: datetime) -> str:
    return "On. Nothing has happened yet that is to be sent."


_SENTENCES = {
    LaneState.OFF: _off,
    LaneState.CHOOSING: _choosing,
    LaneState.DISCARDING: _discarding,
    LaneState.STOPPED: _stopped,
    LaneState.TROUBLED: _troubled,
    LaneState.SENDING: _sending,
    LaneState.WELL: _well,
    LaneState.NEW: _new,
}
