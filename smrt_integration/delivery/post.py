"""Shipping one business's load: identifies first, then tracks, refused batches halved until the offenders are alone.

Runs in a thread and touches no database: it answers what became of every message.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from events.outbox.rows import Attempt
from smrt_integration.delivery import responses, segment
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages
from smrt_integration.delivery.pack import pack
from smrt_integration.delivery.responses import COPY_THE_KEY, Decision, Response

Post = Callable[[str, str, list[dict[str, Any]], int], Response]

# Halving a batch of 500 takes up to 999 requests, and 500 identifies of 32 KB are 35. What is left by then is for the next round.
ENOUGH_SECONDS = 20.0

OUT_OF_TIME = Response(Decision.BACK_OFF, None, "", 0.0)

ALL_REFUSED = (
    "Segment refused every message sent with this write key (it answered 400). " + COPY_THE_KEY
)


@dataclass(slots=True)
class LaneResult:
    """What became of a load. `suspects` were refused alone; `halted` is the answer that ended the shipment early, if one did."""

    load: LaneMessages
    sent_at: dict[int, datetime] = field(default_factory=dict)
    accepted: list[BuiltMessage] = field(default_factory=list)
    suspects: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    too_large: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    halted: Response | None = None

    @property
    def rejected(self) -> list[tuple[BuiltMessage, Response]]:
        """Refused for what they are. Unless something was accepted with this key, it is the key that is refused and not they."""
        return self.too_large + (self.suspects if self.accepted else [])

    @property
    def key_refused(self) -> bool:
        """Everything was refused. Not so when a breakdown left some untried, for these might have been accepted; but when finding out
        takes too long, what was refused so far has to do, or the next round would do the same again."""
        return bool(self.suspects) and not self.accepted and self.halted in (None, OUT_OF_TIME)


def post_lane(
    load: LaneMessages, post: Post = segment.post, clock: Callable[[], float] = time.monotonic
) -> LaneResult:
    """Post the load, one attempt per request."""
    shipment = LaneResult(load, halted=None if load.lane.write_key else responses.no_key())
    until = clock() + ENOUGH_SECONDS
    # tracks leave only when the identifies before them were accepted, or refused one by one
    for batch in [*pack(load.identifies), *pack(load.tracks)]:
        _send(shipment, batch, post, lambda: clock() < until)
    return shipment


def _send(
    shipment: LaneResult, batch: Sequence[BuiltMessage], post: Post, in_time: Callable[[], bool]
) -> None:
    if shipment.halted is None and shipment.attempts and not in_time():
        shipment.halted = OUT_OF_TIME
    if shipment.halted is not None:
        return
    answer = _attempt(shipment, batch, post)
    if answer.decision is Decision.ACCEPT:
        shipment.accepted += batch
    elif answer.decision not in (Decision.BISECT, Decision.SPLIT):
        shipment.halted = answer
    elif len(batch) == 1:
        (shipment.suspects if answer.decision is Decision.BISECT else shipment.too_large).append(
            (batch[0], answer)
        )
    else:
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            _send(shipment, half, post, in_time)


def _attempt(shipment: LaneResult, batch: Sequence[BuiltMessage], post: Post) -> Response:
    lane = shipment.load.lane
    at, started = datetime.now(UTC), time.monotonic()
    answer = post(
        lane.write_key,
        segment.host(lane.region),
        [parcel.message for parcel in batch],
        lane.failures,
    )
    milliseconds = round((time.monotonic() - started) * 1000)
    size = sum(parcel.size for parcel in batch)
    shipment.attempts.append(
        Attempt(lane.business_id, at, answer.status, milliseconds, len(batch), size, answer.error)
    )
    shipment.sent_at.update((parcel.row.id, at) for parcel in batch)
    return answer
