"""How sending goes for a business, in an owner's words.

Pure; `events.lanes.read_status` fetches the values.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from customers.business_clock import BusinessClock
from events.time_in_words import ago, duration

COUNTED_MESSAGES: Final = 10_000
"""Waiting messages are counted up to this number, so no page gets slower as a backlog grows.
A count of one more means "more than"."""

# Why a lane is stopped when it waits for its owner, or for work the owner asked for.
CHOICE_WANTED: Final = (
    "Events from before you switched on are waiting. Choose whether to send or discard them."
)
DISCARDING: Final = "Old events are being discarded. Sending resumes by itself after that."

HELD_REASON: Final = (
    "Segment refused this customer's details, so it waits until Segment accepts them."
)
"""Why a held track waits. Its lane does not: it goes on with other customers."""
HELD_SILENTLY: Final = timedelta(hours=24)
"""How long tracks are held before we ask their owner. Until then, a change of the customer, or of
what Segment takes, often ends it."""
HELD_REMEDY: Final = (
    "Correct the details of these customers; then their events are sent by themselves. Or choose "
    "whether to send the events anyway, or to discard them."
)

DELAYED_AFTER: Final = timedelta(minutes=1)
"""Events leave within seconds. After this long without a success, something does not work."""

SERVER_ERROR: Final = re.compile(r"it answered (5\d{2})")


class LaneState(Enum):
    OFF = "Off"
    CHOOSING = "Your choice is needed"
    DISCARDING = "Discarding old events"
    STOPPED = "Stopped"
    FAILING = "Trying again"
    SENDING = "Sending"
    ON = "On"
    NEW = "On, nothing sent yet"


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """How sending goes for one business.

    `waiting` counts the messages in its outbox up to COUNTED_MESSAGES + 1, and `held` the held
    tracks; `stopped` and `last_error` are the lane's.
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
    held: int = 0
    held_customers: int = 0
    oldest_held_at: datetime | None = None
    country: str = ""
    names_zone: bool = False

    @property
    def clock(self) -> BusinessClock:
        return BusinessClock(self.time_zone, self.country, self.names_zone)

    @property
    def all_waiting(self) -> int:
        """What the list of waiting messages shows, up to COUNTED_MESSAGES + 1."""
        return min(self.waiting + self.held, COUNTED_MESSAGES + 1)


def state_of(status: LaneStatus, now: datetime) -> LaneState:
    if status.stopped == DISCARDING:
        return LaneState.DISCARDING
    if not status.enabled:
        return LaneState.OFF
    if status.stopped:
        return LaneState.CHOOSING if status.stopped == CHOICE_WANTED else LaneState.STOPPED
    if status.waiting:
        return LaneState.FAILING if status.last_error else LaneState.SENDING
    return LaneState.ON if status.last_accepted_at else LaneState.NEW


def is_delayed(status: LaneStatus, now: datetime) -> bool:
    """Return whether events wait that should have left, and none has left lately."""
    since = max(
        (at for at in (status.oldest_waiting_at, status.last_accepted_at) if at is not None),
        default=now,
    )
    may_leave = status.enabled and not status.stopped and status.waiting > 0
    return may_leave and now - since >= DELAYED_AFTER


def status_sentence(status: LaneStatus, now: datetime) -> str:
    """Return one line about how sending goes. `remedy` says what to do about it."""
    return _SENTENCES[state_of(status, now)](status, now)


def remedy(status: LaneStatus) -> str:
    """Return what the owner has to do; empty when that is nothing."""
    if not status.enabled:
        return (
            "" if status.has_key else "Enter the write key of your Segment source, then switch on."
        )
    if status.stopped == DISCARDING:
        return ""
    return status.stopped.partition(". ")[2]


def asks_about_held(status: LaneStatus, now: datetime) -> bool:
    """Return whether the owner is asked to send held events anyway, or to discard them."""
    oldest = status.oldest_held_at
    return status.enabled and oldest is not None and now - oldest >= HELD_SILENTLY


def held_sentence(status: LaneStatus) -> str:
    """Return how many events are held for how many customers. HELD_REMEDY says what to do."""
    many = status.held_customers != 1
    customers = f"{status.held_customers:,} customers" if many else "one customer"
    verb = "is" if status.held == 1 else "are"
    return (
        f"Segment refuses the details of {customers}, so {events(status.held)} of "
        f"{'theirs' if many else 'this customer'} {verb} waiting."
    )


def events(count: int) -> str:
    """Return "1 event", "12 events" or "more than 10,000 events"."""
    if count > COUNTED_MESSAGES:
        return f"more than {COUNTED_MESSAGES:,} events"
    return "1 event" if count == 1 else f"{count:,} events"


def _are_waiting(count: int) -> str:
    """Return "12 events are waiting" or "1 event is waiting"."""
    return f"{_counted(count)} {'is' if count == 1 else 'are'} waiting"


def _counted(count: int) -> str:
    """Return the count of events for the beginning of a sentence."""
    counted = events(count)
    return f"{counted[0].upper()}{counted[1:]}"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _they(count: int) -> str:
    return "it" if count == 1 else "they"


def _off(status: LaneStatus, now: datetime) -> str:
    if not status.waiting:
        return "Switched off. Nothing is recorded and nothing is sent."
    return (
        f"Switched off. {_are_waiting(status.waiting)} from before. When you switch on, "
        f"we ask whether to send or discard {_them(status.waiting)}."
    )


def _choosing(status: LaneStatus, now: datetime) -> str:
    before = " from before" if status.waiting == 1 else ", some from before"
    return (
        f"On, but nothing is sent until you choose. {_are_waiting(status.waiting)}{before} "
        "you switched on."
    )


def _discarding(status: LaneStatus, now: datetime) -> str:
    return status.stopped


def _stopped(status: LaneStatus, now: datetime) -> str:
    cause = status.stopped.partition(". ")[0].removesuffix(".")
    moment = status.stopped_at
    stopped_at = f" {status.clock.when(moment, now)}" if moment else ""
    sentence = f"Sending stopped{stopped_at}: {cause}."
    if not status.waiting:
        return sentence
    waiting, they = _are_waiting(status.waiting), _they(status.waiting)
    return f"{sentence} {waiting}; {they} will be sent when this is fixed."


def _failing(status: LaneStatus, now: datetime) -> str:
    sentence = f"{_cause(status, now)} {_are_waiting(status.waiting)}"
    if status.resume_at is None or status.resume_at - now < timedelta(seconds=1):
        return f"{sentence}; we are trying again now."
    return f"{sentence}; we will try again in {duration(status.resume_at - now)}."


def _cause(status: LaneStatus, now: datetime) -> str:
    since = status.failing_since and status.clock.recent(status.failing_since, now)
    error = SERVER_ERROR.search(status.last_error)
    if error and since:
        return f"Segment has been having trouble since {since} (error {error[1]})."
    if error:
        return f"Segment is having trouble (error {error[1]})."
    return f"Not working since {since}: {status.last_error}" if since else status.last_error


def _sending(status: LaneStatus, now: datetime) -> str:
    if not is_delayed(status, now):
        return f"{_counted(status.waiting)} will be sent in a moment."
    # Without an error of Segment's, no worker has tried: none runs, or all are busy.
    oldest = status.oldest_waiting_at or now
    return (
        f"{_are_waiting(status.waiting)}, the oldest for {duration(now - oldest)}. "
        "Sending is delayed on our side. Nothing is lost, and there is nothing for you to do."
    )


def _on(status: LaneStatus, now: datetime) -> str:
    accepted = status.last_accepted_at or now
    return f"Segment accepted the last event {ago(accepted, now)}."


def _new(status: LaneStatus, now: datetime) -> str:
    return "Nothing has been sent yet: no event has happened since you switched on."


_SENTENCES = {
    LaneState.OFF: _off,
    LaneState.CHOOSING: _choosing,
    LaneState.DISCARDING: _discarding,
    LaneState.STOPPED: _stopped,
    LaneState.FAILING: _failing,
    LaneState.SENDING: _sending,
    LaneState.ON: _on,
    LaneState.NEW: _new,
}
