"""What an answer of Segment means. Outcomes of a POST are values; exceptions are bugs. Source: contract, section 4."""

from dataclasses import dataclass
from enum import Enum


class Decision(Enum):
    ACCEPT = "accepted"
    BISECT = "a message in the batch was refused: halve the batch to find it"
    SPLIT = "the request is too large: halve it"
    BACK_OFF = "keep everything and try again later"
    HALT = "nothing will be accepted until the owner changes the config"


@dataclass(frozen=True, slots=True)
class Response:
    """`wait_seconds` is what Segment asked for, else None: such a wait does not count as a failed attempt. `error` is for the owner."""

    decision: Decision
    status: int | None
    error: str = ""
    wait_seconds: float | None = None


COPY_THE_KEY = (
    "Copy the write key from Segment (Connections > Sources > your source > Settings > API Keys) "
    "and paste it on the Segment integration page."
)
KEY_REFUSED = f"Segment refused the write key. {COPY_THE_KEY}"
STOPPING = {
    401: KEY_REFUSED,
    403: "Segment does not allow this write key to send. "
    "Check in Segment that the source is enabled, then save the Segment integration page.",
    404: "Segment does not know this source in the chosen region. "
    "Check the region and the write key on the Segment integration page, then save.",
    405: "Segment does not accept events in the chosen region. "
    "Check the region on the Segment integration page, then save.",
}
# Segment may ask us to slow down without saying for how long: long enough to matter, short enough to stay real time.
SLOW_DOWN_SECONDS = 10.0
# A receiver that says "at once", and says so again, must not be asked without a pause: such a wait is never lengthened.
LEAST_SECONDS = 1.0


def decide(status: int, retry_after: float | None) -> Response:
    """`status` is the HTTP status, `retry_after` the seconds of a Retry-After header, None without one."""
    if 200 <= status < 300:
        return Response(Decision.ACCEPT, status)
    if status in STOPPING:
        return Response(Decision.HALT, status, STOPPING[status])
    if status == 429 or retry_after is not None:
        wait = SLOW_DOWN_SECONDS if retry_after is None else max(LEAST_SECONDS, retry_after)
        return Response(
            Decision.BACK_OFF,
            status,
            f"Segment asked us to slow down (it answered {status}).",
            wait,
        )
    if status == 400:
        return Response(Decision.BISECT, status, "Segment refused this message (it answered 400).")
    if status == 413:
        return Response(
            Decision.SPLIT, status, "Segment says this message is too large (it answered 413)."
        )
    if 300 <= status < 400:
        return Response(
            Decision.BACK_OFF,
            status,
            f"Segment's address redirected us (it answered {status}); we do not follow redirects.",
        )
    return Response(
        Decision.BACK_OFF, status, f"Segment could not take the events (it answered {status})."
    )


def timed_out() -> Response:
    return Response(Decision.BACK_OFF, None, "Segment did not answer in time.")


def unreachable() -> Response:
    return Response(Decision.BACK_OFF, None, "Segment could not be reached.")


def no_key() -> Response:
    """None was entered, or none of FIELD_KEYS decrypts it."""
    return Response(
        Decision.HALT,
        None,
        f"There is no readable write key. {COPY_THE_KEY}",
    )


def failed() -> Response:
    return Response(
        Decision.BACK_OFF,
        None,
        "Something went wrong on our side while sending. We will try again by ourselves.",
    )
