"""What a "No" does. The records are looked at under lock, and this is asked: the pickup is canceled if, and only if, it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from customers.texts.clock import too_late
from customers.texts.languages import Reply


class Standing(Enum):
    """Of a pickup that a text was about."""

    SCHEDULED = "scheduled"
    CANCELED = "canceled"
    COMPLETED = "completed"
    MADE_ANEW = "made_anew"
    """Moved to another day, or canceled and scheduled again: the customer was not asked about that one."""


@dataclass(frozen=True)
class Asked:
    """One text that was sent: whose pickup, on what day, and how that stands now."""

    name: str
    day: date
    standing: Standing


IS_OVER: Final = {
    Standing.CANCELED: Reply.CANCELED_ALREADY,
    Standing.COMPLETED: Reply.DONE_ALREADY,
    Standing.MADE_ANEW: Reply.MADE_ANEW,
}

SETTLED: Final = {
    Reply.CANCELED,
    Reply.CANCELED_ALREADY,
    Reply.DONE_ALREADY,
    Reply.STOPPED,
    Reply.STARTED,
}
"""After these nobody has to do anything; everything else waits for the people at the counter."""


def to_no(
    asked: Sequence[Asked], chosen: int | None, now: datetime, time_zone: str, van_leaves: int
) -> tuple[Reply, Asked | None]:
    """`asked`: what the last texts to this number were about; several when customers share it, of whom the answer may name one.

    With the reply comes the text that it is about, if it is about one.
    """
    if not asked:
        return Reply.NOT_ASKED, None
    meant = asked if chosen is None else [asked[chosen]]
    replies = {_to_one(one, now, time_zone, van_leaves) for one in meant}
    if len(replies) == 1 and (len(meant) == 1 or Reply.CANCELED not in replies):
        return replies.pop(), meant[0]
    return Reply.WHICH, None


def _to_one(one: Asked, now: datetime, time_zone: str, van_leaves: int) -> Reply:
    if one.standing in IS_OVER:
        return IS_OVER[one.standing]
    if not too_late(one.day, now, time_zone, van_leaves):
        return Reply.CANCELED
    passed = too_late(one.day, now, time_zone, van_leaves=24)
    return Reply.PASSED if passed else Reply.VAN_LEFT
