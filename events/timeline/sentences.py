"""What happened to a message, in a sentence that an owner understands. Pure."""

from datetime import datetime, timedelta
from typing import Final

from events.identify import IDENTIFY
from events.lanes.status import HELD_REASON, LaneState, LaneStatus, is_delayed, state_of
from events.time_in_words import duration
from events.timeline.lines import WAITING, MessageEntry

CUSTOMER_DETAILS: Final = "Customer details"
PROMPT: Final = timedelta(minutes=1)
"""How soon a message has to be accepted for its sentence not to say how long it took."""
STATE_LABELS: Final = {
    "accepted": "Accepted",
    "rejected": "Refused",
    "skipped": "Not sent",
    "expired": "Expired",
    "unconfirmed": "Unconfirmed",
    WAITING: "Waiting",
    "not-sent": "Not sent",
    "no-event": "No event",
    "unknown": "Not known",
    "nothing": "Nothing yet",
}
WHY_WAITING: Final = {
    LaneState.CHOOSING: "It is waiting for your choice about events from before you switched on.",
    LaneState.DISCARDING: "It is waiting while old events are being discarded.",
    LaneState.STOPPED: "It is waiting because sending has stopped. The settings say what to do.",
    LaneState.FAILING: "It is waiting to be tried again.",
}
SENDING: Final = "It is being sent."
DELAYED: Final = "It is waiting because sending is delayed on our side."
OFF: Final = (
    "It has been waiting since before the integration was switched off. "
    "When you switch on, we ask you what to do with it."
)


def title(event: str) -> str:
    return CUSTOMER_DETAILS if event == IDENTIFY else event


def outcome_sentence(entry: MessageEntry, lane_status: LaneStatus, now: datetime) -> str:
    if entry.outcome == WAITING:
        return _waiting_sentence(entry, lane_status, now)
    at = lane_status.clock.when(entry.known_at, now)
    if entry.outcome == "accepted":
        delay = entry.known_at - entry.at
        late = f", {duration(delay)} after it happened" if delay >= PROMPT else ""
        return f"Accepted by Segment {at}{late}."
    return f"{STATE_LABELS[entry.outcome]} {at}. {entry.reason}".strip()


def _waiting_sentence(entry: MessageEntry, lane_status: LaneStatus, now: datetime) -> str:
    state = state_of(lane_status, now)
    if state is LaneState.OFF:
        return OFF
    if entry.is_held:
        return HELD_REASON
    if state is LaneState.SENDING:
        return DELAYED if is_delayed(lane_status, now) else SENDING
    tried = {0: "", 1: " Tried once."}.get(entry.attempts, f" Tried {entry.attempts} times.")
    return f"{WHY_WAITING.get(state, SENDING)}{tried} {entry.reason}".strip()
