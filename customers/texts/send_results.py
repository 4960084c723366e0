"""What happened to a text that a backend sent, as values. Pure.

`save_send_results` records them and acts on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

RefusalReason = Literal["unsubscribed", "impossible", "rejected"]
HaltReason = Literal["account", "number"]


class TextToSend(NamedTuple):
    """What a backend sends. Logs name `id`, our own: never the numbers or the body."""

    id: int
    to: str
    sender: str
    body: str


@dataclass(frozen=True)
class Sent:
    sid: str = ""


@dataclass(frozen=True)
class Postponed:
    """Certainly not sent, so another attempt cannot be a second text.

    `retry_after`: the seconds that Twilio asked us to wait.
    """

    retry_after: float | None = None


@dataclass(frozen=True)
class Refused:
    """This text cannot be sent to this number, now or later."""

    reason: RefusalReason
    error: int | None = None


@dataclass(frozen=True)
class Halted:
    """No text can be sent until somebody fixes the business's number, or the whole account."""

    reason: HaltReason
    error: int | None = None


@dataclass(frozen=True)
class Unconfirmed:
    """Twilio may have sent it: no response came."""


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
        21606: Halted("number"),  # "From" cannot send texts, or belongs to another account
        21610: Refused("unsubscribed"),
        21611: Postponed(),  # the queue of "From" is full
        21614: Refused("impossible"),  # "To" is not a mobile
        21659: Halted("number"),  # "From" is not one of Twilio's
        21660: Halted("number"),  # "From" is another account's
    }
)
"""Twilio's errors (twilio.com/docs/api/errors) that say more than their HTTP status."""


def result_of_error(status: int, error: int | None, retry_after: float | None = None) -> SendResult:
    """Return what an unsuccessful response means: its HTTP status and Twilio's error."""
    result = RESULT_BY_TWILIO_ERROR.get(error or 0)
    if isinstance(result, Refused):
        return Refused(result.reason, error)
    if isinstance(result, Halted):
        return Halted(result.reason, error)
    if result or status in {429, 503}:
        return Postponed(retry_after)
    if status in {401, 403, 404}:
        return Halted("account", error)
    # A server that failed may have failed after it accepted the text.
    return Refused("rejected", error) if 400 <= status < 500 else Unconfirmed()
