"""What a response of Segment means, and what we then do. Pure. Source: contract, section 4.

The outcome of a POST is a value; an exception is a bug.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Decision(Enum):
    ACCEPT = "accepted"
    BISECT = "a message in the batch was refused: halve the batch to find it"
    SPLIT = "the request is too large: halve it until it fits"
    BACK_OFF = "keep everything and try again later"
    HALT = "nothing will be accepted until the owner changes the settings"


@dataclass(frozen=True, slots=True)
class Response:
    """What Segment answered. `status` is None when no response came; `error` is for the owner.

    `wait_seconds` is what Segment asked for, or None. Such a pause is not a failed attempt.
    `is_unanswered` says that the request was sent and no answer came: Segment may have accepted it.
    """

    decision: Decision
    status: int | None
    error: str = ""
    wait_seconds: float | None = None
    is_unanswered: bool = field(default=False, compare=False)

    @property
    def may_be_accepted(self) -> bool:
        """Whether Segment may have accepted the batch although it did not say so."""
        return self.is_unanswered or (self.status is not None and self.status >= 500)


COPY_THE_KEY: Final = (
    "Copy the write key from Segment (Connections > Sources > your source > Settings > API Keys) "
    "and paste it on the Segment integration page."
)
KEY_REFUSED: Final = f"Segment refused the write key. {COPY_THE_KEY}"
HALTING_ERRORS: Final = {
    401: KEY_REFUSED,
    403: (
        "Segment does not allow this write key to send. "
        "Check in Segment that the source is enabled, then save the Segment integration page."
    ),
    404: (
        "Segment does not know this source in the chosen region. "
        "Check the region and the write key on the Segment integration page, then save."
    ),
    405: (
        "Segment does not accept events in the chosen region. "
        "Check the region on the Segment integration page, then save."
    ),
}
# Segment may ask us to slow down without a time: long enough to help, short enough for real time.
SLOW_DOWN_SECONDS: Final = 10.0
# A receiver that says "at once" again and again must not be asked without a pause, as a pause that
# it asked for never grows.
MIN_SLOW_DOWN_SECONDS: Final = 1.0


def interpret(status: int, retry_after: float | None) -> Response:
    """Return the response to an HTTP status.

    `retry_after` is the seconds of the Retry-After header, None without one.
    """
    if 200 <= status < 300:
        return Response(Decision.ACCEPT, status)
    if status in HALTING_ERRORS:
        return Response(Decision.HALT, status, HALTING_ERRORS[status])
    if status == 429 or retry_after is not None:
        seconds = (
            SLOW_DOWN_SECONDS if retry_after is None else max(MIN_SLOW_DOWN_SECONDS, retry_after)
        )
        error = f"Segment asked us to slow down (it answered {status})."
        return Response(Decision.BACK_OFF, status, error, seconds)
    if status == 400:
        return Response(Decision.BISECT, status, "Segment refused this message (it answered 400).")
    if status == 413:
        error = "Segment says this message is too large (it answered 413)."
        return Response(Decision.SPLIT, status, error)
    if 300 <= status < 400:
        error = (
            f"Segment's address redirected us (it answered {status}); we do not follow redirects."
        )
        return Response(Decision.BACK_OFF, status, error)
    error = f"Segment could not accept the events (it answered {status})."
    return Response(Decision.BACK_OFF, status, error)


def timed_out(is_unanswered: bool = True) -> Response:
    error = "Segment did not answer in time."
    return Response(Decision.BACK_OFF, None, error, is_unanswered=is_unanswered)


def unreachable(is_unanswered: bool = False) -> Response:
    """No connection could be opened, or it broke before the answer."""
    error = "Segment could not be reached."
    return Response(Decision.BACK_OFF, None, error, is_unanswered=is_unanswered)


def no_key() -> Response:
    """No write key was entered, or no key in FIELD_KEYS decrypts it."""
    return Response(Decision.HALT, None, f"There is no readable write key. {COPY_THE_KEY}")


def our_error() -> Response:
    """A bug of ours kept the messages from being posted."""
    return Response(
        Decision.BACK_OFF,
        None,
        "Something went wrong on our side while sending. We will try again by ourselves.",
    )
