"""What became of a message, in a sentence that an owner understands. Pure."""

from datetime import datetime, timedelta
from typing import Final

from events.standing import Standing, State, duration, state_of
from events.story.timeline import WAITING, Entry
from events.story.why import on

DETAILS: Final = "Customer details"
AT_ONCE: Final = timedelta(minutes=1)
"""A message that was accepted within so long needs no word about how long it took."""
STATES: Final = {
    "accepted": "Accepted",
    "rejected": "Rejected",
    "skipped": "Not sent",
    "expired": "Expired",
    WAITING: "Waiting",
    "not-sent": "Not sent",
    "no-event": "No event",
    "unknown": "Not known",
    "nothing": "Nothing yet",
}


def title(event: str) -> str:
    return DETAILS if event == "identify" else event


def became(entry: Entry, standing: Standing, now: datetime) -> str:
    if entry.outcome == WAITING:
        return _waits(entry, standing, now)
    at = on(entry.known_at, standing.time_zone, now)
    if entry.outcome == "accepted":
        late = entry.known_at - entry.at
        return f"Accepted by Segment {at}" + (
            f", {duration(late)} after it happened." if late >= AT_ONCE else "."
        )
    return f"{STATES[entry.outcome]} {at}. {entry.reason}".strip()


def _waits(entry: Entry, standing: Standing, now: datetime) -> str:
    state = state_of(standing, now)
    if state is State.OFF:
        return "It waits from before the integration was switched off. You are asked what becomes of it when you switch on."
    if state is State.SENDING:
        return "It leaves in a moment."
    tried = {0: "", 1: " Tried once."}.get(entry.attempts, f" Tried {entry.attempts} times.")
    return f"{WAITS.get(state, 'It leaves in a moment.')}{tried} {entry.reason}".strip()


WAITS: Final = {
    State.CHOOSING: "It waits until you choose what becomes of the events from before you switched on.",
    State.DISCARDING: "It waits while old events are being discarded.",
    State.STOPPED: "It waits because sending is stopped; the settings say what to do.",
    State.TROUBLED: "It waits to be tried again.",
}
