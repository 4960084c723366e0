"""How sending goes for a business, in an owner's words.

Pure; `events.lanes.read_status` fetches the values.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from events.time_in_words import ago, clock, duration, when

COUNTED_MESSAGES: Final = 10_000
"""Waiting messages are counted up to this number, so no page gets slower as a backlog grows.
A count of one more means "more than"."""

# Why a lane is stopped when it waits for its owner, or for work the owner asked for.
CHOICE_WANTED: Final = (
    "Events from before you switched on are waiting. Choose whether to send or discard them."
)
DISCARDING: Final = "Old events are being discarded. Sending resumes by itself after that."

SERVER_ERROR = re.compile(r"it answered (5\d{2})")


class LaneState(Enum):
    OFF = "Off"
    CHOOSING = "Your choice is needed"
    DISCARDING = "Discarding old events"
    STOPPED = "Stopped"
    TROUBLED = "Trying again"
    SENDING = "Sending"
    WELL = "On"
    NEW = "On, nothing sent yet"


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """How sending goes for one business.

    `waiting` counts the messages in its outbox up to COUNTED_MESSAGES + 1; `stopped` and
    `last_error` are the lane's.
    """

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
    """Return one line about how sending goes. `remedy` says what to do about it."""
    return _SENTENCES[state_of(standing, now)](standing, now)


def remedy(standing: LaneStatus) -> str:
    """Return what the owner has to do; empty when that is nothing."""
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


def _are_waiting(count: int) -> str:
    """12 events are waiting, 1 event is waiting."""
    return f"{_counted(count)} {'is' if count == 1 else 'are'} waiting"


def _counted(count: int) -> str:
    """The count of events at the beginning of a sentence."""
    counted = events(count)
    return f"{counted[0].upper()}{counted[1:]}"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _they(count: int) -> str:
    return "it" if count == 1 else "they"


def _off(standing: LaneStatus, now: datetime) -> str:
    if not standing.waiting:
        return "Switched off. Nothing is recorded and nothing is sent."
    return (
        f"Switched off. {_are_waiting(standing.waiting)} from before. When you switch on, "
        f"we ask whether to send or discard {_them(standing.waiting)}."
    )


def _choosing(standing: LaneStatus, now: datetime) -> str:
    before = " from before" if standing.waiting == 1 else ", some from before"
    return (
        f"On, but nothing is sent until you choose. {_are_waiting(standing.waiting)}{before} "
        "you switched on."
    )


def _discarding(standing: LaneStatus, now: datetime) -> str:
    return standing.stopped


def _stopped(standing: LaneStatus, now: datetime) -> str:
    cause = standing.stopped.partition(". ")[0].removesuffix(".")
    moment = standing.stopped_at
    stopped_at = f" {when(moment, now, standing.time_zone)}" if moment else ""
    sentence = f"Sending stopped{stopped_at}: {cause}."
    if not standing.waiting:
        return sentence
    waiting, they = _are_waiting(standing.waiting), _they(standing.waiting)
    return f"{sentence} {waiting}; {they} will be sent when this is fixed."


def _troubled(standing: LaneStatus, now: datetime) -> str:
    cause = f"{_trouble(standing, now)} {_are_waiting(standing.waiting)}"
    if standing.resume_at is None or standing.resume_at - now < timedelta(seconds=1):
        return f"{cause}; we are trying again now."
    return f"{cause}; we will try again in {duration(standing.resume_at - now)}."


def _trouble(standing: LaneStatus, now: datetime) -> str:
    since = standing.failing_since and clock(standing.failing_since, now, standing.time_zone)
    status = SERVER_ERROR.search(standing.last_error)
    if status and since:
        return f"Segment has been having trouble since {since} (error {status[1]})."
    if status:
        return f"Segment is having trouble (error {status[1]})."
    return f"Not working since {since}: {standing.last_error}" if since else standing.last_error


def _sending(standing: LaneStatus, now: datetime) -> str:
    return f"{_counted(standing.waiting)} will be sent in a moment."


def _well(standing: LaneStatus, now: datetime) -> str:
    accepted = standing.last_accepted_at or now
    return f"Segment accepted the last event {ago(accepted, now)}."


def _new(standing: LaneStatus, now: datetime) -> str:
    return "Nothing has been sent yet: no event has happened since you switched on."


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
