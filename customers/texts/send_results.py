"""What may become of a text that was handed to a backend, as values: what follows from each is the business of `settle`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

RefusalReason = Literal["unsubscribed", "impossible", "rejected"]
HaltReason = Literal["account", "number"]


class TextToSend(NamedTuple):
    """What a backend sends. `id` is our own, for logs: numbers and bodies do not belong there."""

    id: int
    to: str
    sender: str
    body: str


@dataclass(frozen=True)
class Sent:
    sid: str = ""


@dataclass(frozen=True)
class Postponed:
    """It was certainly not taken: another attempt cannot be a second text. `wait` is what was asked for, in seconds."""

    wait: float | None = None


@dataclass(frozen=True)
class Refused:
    """Not this text to this number, now or ever."""

    why: RefusalReason
    error: int | None = None


@dataclass(frozen=True)
class Halted:
    """Nothing of this business, or with `account` of anybody, can be sent until somebody puts that right."""

    why: HaltReason
    error: int | None = None


@dataclass(frozen=True)
class Unconfirmed:
    """It may have been taken, and nobody will tell."""


SendResult = Sent | Postponed | Refused | Halted | Unconfirmed

RESULT_BY_TWILIO_ERROR: Final[Mapping[int, SendResult]] = MappingProxyType(
    {
        20003: Halted("account"),  # wrong credentials
        20005: Halted("account"),  # account suspended
        20429: Postponed(),  # too many requests
        21211: Refused("impossible"),  # "To" is not a number
        21212: Halted("number"),  # "From" is not a number
        21217: Refused("impossible"),  # "To" looks like no number of any country
        21603: Halted("number"),  # no "From"
        21606: Halted("number"),  # "From" cannot send texts, or is somebody else's
        21610: Refused("unsubscribed"),
        21611: Postponed(),  # the queue of "From" is full
        21614: Refused("impossible"),  # "To" is not a mobile
        21659: Halted("number"),  # "From" is not one of Twilio's
        21660: Halted("number"),  # "From" is another account's
    }
)
"""Twilio's errors (twilio.com/docs/api/errors) that mean more than their status."""


def result_of_error(status: int, error: int | None, wait: float | None = None) -> SendResult:
    """Of an answer that was not a success."""
    known = RESULT_BY_TWILIO_ERROR.get(error or 0)
    if isinstance(known, Refused):
        return Refused(known.why, error)
    if isinstance(known, Halted):
        return Halted(known.why, error)
    if known or status in {429, 503}:
        return Postponed(wait)
    if status in {401, 403, 404}:
        return Halted("account", error)
    # A server that failed may have failed after it took the text.
    return Refused("rejected", error) if 400 <= status < 500 else Unconfirmed()
