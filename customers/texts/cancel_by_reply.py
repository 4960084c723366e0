"""What a "No" does. The records are looked at under lock, and this is asked: the pickup is canceled if, and only if, it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from customers.texts.languages import AutoReply
from customers.texts.timing import has_van_left


class TextedPickupState(Enum):
    """Of a pickup that a text was about."""

    SCHEDULED = "scheduled"
    CANCELED = "canceled"
    COMPLETED = "completed"
    MADE_ANEW = "made_anew"
    """Moved to another day, or canceled and scheduled again: the customer was not asked about that one."""


@dataclass(frozen=True)
class TextedPickup:
    """One text that was sent: whose pickup, on what day, and how that stands now."""

    name: str
    day: date
    standing: TextedPickupState


REPLY_IF_NOT_SCHEDULED: Final = {
    TextedPickupState.CANCELED: AutoReply.CANCELED_ALREADY,
    TextedPickupState.COMPLETED: AutoReply.DONE_ALREADY,
    TextedPickupState.MADE_ANEW: AutoReply.MADE_ANEW,
}

NEEDS_NO_ATTENTION: Final = {
    AutoReply.CANCELED,
    AutoReply.CANCELED_ALREADY,
    AutoReply.DONE_ALREADY,
    AutoReply.STOPPED,
    AutoReply.STARTED,
}
"""After these nobody has to do anything; everything else waits for the people at the counter."""


def reply_to_no(
    asked: Sequence[TextedPickup],
    chosen: int | None,
    now: datetime,
    time_zone: str,
    van_leaves: int,
) -> tuple[AutoReply, TextedPickup | None]:
    """`asked`: what the last texts to this number were about; several when customers share it, of whom the answer may name one.

    With the reply comes the text that it is about, if it is about one.
    """
    if not asked:
        return AutoReply.NOT_ASKED, None
    meant = asked if chosen is None else [asked[chosen]]
    replies = {_reply_about(one, now, time_zone, van_leaves) for one in meant}
    if len(replies) == 1 and (len(meant) == 1 or AutoReply.CANCELED not in replies):
        return replies.pop(), meant[0]
    return AutoReply.WHICH, None


def _reply_about(one: TextedPickup, now: datetime, time_zone: str, van_leaves: int) -> AutoReply:
    if one.standing in REPLY_IF_NOT_SCHEDULED:
        return REPLY_IF_NOT_SCHEDULED[one.standing]
    if not has_van_left(one.day, now, time_zone, van_leaves):
        return AutoReply.CANCELED
    passed = has_van_left(one.day, now, time_zone, van_leaves=24)
    return AutoReply.PASSED if passed else AutoReply.VAN_LEFT
