"""What became of a message, in a sentence that an owner understands. Pure."""

from datetime import datetime, timedelta
from typing import Final

from events.lanes.status import LaneState, LaneStatus, duration, state_of
from events.timeline.lines import WAITING, MessageEntry
from events.timeline.reasons import on

DETAILS: Final = "Customer details"
AT_ONCE: Final = timedelta(minutes=1)
"""A message that was accepted within so long needs no word about how long it took."""
STATE_LABELS: Final = {
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


def outcome_sentence(entry: MessageEntry, standing: LaneStatus, now: datetime) -> str:
    if entry.outcome == WAITING:
        return _waits(entry, standing, now)
    at = on(entry.known_at, standing.time_zone, now)
    if entry.outcome == "accepted":
        late = entry.known_at - entry.at
        return f"Accepted by Segment {at}" + (
            f", {duration(late)} after it happened." if late >= AT_ONCE else "."
        )
    return f"{STATE_LABELS[entry.outcome]} {at}. {entry.reason}".strip()


def _waits(entry: MessageEntry, standing: LaneStatus, now: datetime) -> str:
    state = state_of(standing, now)
    if state is LaneState.OFF:
        return "It waits from before the integration was switched off. You are asked what becomes of it when you switch on."
    if state is LaneState.SENDING:
        return "It leaves in a moment."
    tried = {0: "", 1: " Tried once."}.get(entry.attempts, f" Tried {entry.attempts} times.")
    return f"{WAITS.get(state, 'It leaves in a moment.')}{tried} {entry.reason}".strip()


WAITS: Final = {
    LaneState.CHOOSING: "It waits until you choose what becomes of the events from before you switched on.",
    LaneState.DISCARDING: "It waits while old events are being discarded.",
    LaneState.STOPPED: "It waits because sending is stopped; the settings say what to do.",
    LaneState.TROUBLED: "It waits to be tried again.",
}
