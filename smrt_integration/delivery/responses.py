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


KEY_REFUSED = "Segment refused the write key. Copy it from Segment again (your source, Settings, API Keys) and save it here."
STOPPING = {
    401: KEY_REFUSED,
    403: "Segment does not allow this write key to send. Check in Segment that the source is enabled, then save the settings here.",
    404: "The chosen region's address does not know this source. Check the region and the write key, then save the settings here.",
    405: "The chosen region's address does not take events. Check the region, then save the settings here.",
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
            Decision.SPLIT, status, "Segment finds this message too large (it answered 413)."
        )
    if 300 <= status < 400:
        return Response(
            Decision.BACK_OFF,
            status,
            f"Segment's address sent us elsewhere (it answered {status}); we do not follow.",
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
        "There is no readable write key. Copy it from Segment (your source, Settings, API Keys) and save it here.",
    )


def failed() -> Response:
    return Response(
        Decision.BACK_OFF,
        None,
        "Something went wrong on our side while sending. We try again by ourselves.",
    )
