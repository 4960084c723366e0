"""What a "No" does: whether it cancels a pickup, and which automatic reply is sent. Pure.

The caller holds the records locked, and cancels a pickup only if this module says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from customers.texts.languages import AutoReply
from customers.texts.timing import has_van_left


class TextedPickupState(Enum):
    """What has happened to a pickup since the text about it."""

    SCHEDULED = "scheduled"
    CANCELED = "canceled"
    COMPLETED = "completed"
    CHANGED = "changed"
    """Moved to another day, or canceled and scheduled again: no text asked about the new one."""


@dataclass(frozen=True)
class TextedPickup:
    """A pickup that a text was about: the customer's name, the day, and the state now."""

    name: str
    day: date
    state: TextedPickupState
    other_names: tuple[str, ...] = ()
    """Of the same customer. People sign with any of their names."""

    @property
    def names(self) -> tuple[str, ...]:
        return self.name, *self.other_names


REPLY_IF_NOT_SCHEDULED: Final = {
    TextedPickupState.CANCELED: AutoReply.CANCELED_BEFORE,
    TextedPickupState.COMPLETED: AutoReply.COMPLETED_BEFORE,
    TextedPickupState.CHANGED: AutoReply.CHANGED,
}

NEEDS_NO_ATTENTION: Final = {
    AutoReply.CANCELED,
    AutoReply.CANCELED_BEFORE,
    AutoReply.COMPLETED_BEFORE,
    AutoReply.OPTED_OUT,
    AutoReply.OPTED_IN,
    AutoReply.HELP,
    AutoReply.ACKNOWLEDGED,
}
"""After these nobody has to do anything. All other replies wait to be read by the business."""


def reply_to_no(
    texted: Sequence[TextedPickup],
    named: int | None,
    now: datetime,
    time_zone: str,
    van_leaves: int,
) -> tuple[AutoReply, TextedPickup | None]:
    """Return the automatic reply to a "No", and the pickup that it is about, if any.

    `texted` are the pickups that the last texts to this number were about. There are several when
    customers share the number; `named` is the index of the one that the reply names.
    """
    if not texted:
        return AutoReply.NOT_TEXTED, None
    candidates = texted if named is None else [texted[named]]
    replies = {_reply_about(pickup, now, time_zone, van_leaves) for pickup in candidates}
    if len(replies) == 1 and (len(candidates) == 1 or AutoReply.CANCELED not in replies):
        return replies.pop(), candidates[0]
    return AutoReply.WHICH_CUSTOMER, None


def pickup_to_ask_about(
    texted: Sequence[TextedPickup], now: datetime, time_zone: str, van_leaves: int
) -> TextedPickup | None:
    """Return a pickup that a "No" would cancel now, or None: then there is nothing to ask."""
    for pickup in texted:
        if _reply_about(pickup, now, time_zone, van_leaves) is AutoReply.CANCELED:
            return pickup
    return None


def _reply_about(pickup: TextedPickup, now: datetime, time_zone: str, van_leaves: int) -> AutoReply:
    if pickup.state in REPLY_IF_NOT_SCHEDULED:
        return REPLY_IF_NOT_SCHEDULED[pickup.state]
    if not has_van_left(pickup.day, now, time_zone, van_leaves):
        return AutoReply.CANCELED
    has_day_passed = has_van_left(pickup.day, now, time_zone, van_leaves=24)
    return AutoReply.DAY_PASSED if has_day_passed else AutoReply.VAN_LEFT
