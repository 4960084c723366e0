"""Post: send one business's batches, identifies before tracks. Bisect the batches that are refused.

Runs in a thread and uses no database: it returns what Segment decided about every message.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from events.outbox.rows import Attempt
from smrt_integration.delivery import reduce, responses, segment
from smrt_integration.delivery.build import leave_out
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages
from smrt_integration.delivery.pack import pack
from smrt_integration.delivery.responses import COPY_THE_KEY, Decision, Response

Post = Callable[[str, str, list[dict[str, Any]], int], Response]

# After this, no further request starts: the next round continues. Bisecting a batch of 500 takes
# up to 999 requests, and 500 identifies of 32 KB are 35 batches.
LANE_BUDGET_SECONDS: Final = 20.0

OUT_OF_TIME: Final = Response(Decision.BACK_OFF, None, "", 0.0)

ALL_REFUSED: Final = (
    f"Segment refused every message sent with this write key (it answered 400). {COPY_THE_KEY}"
)


@dataclass(slots=True)
class LaneResult:
    """What the posts of one lane brought.

    `sent_at` has the time of each message's last attempt, by row id. `refused_alone` was refused
    in batches of one. `reduced` are identifies that were refused alone, and accepted after traits
    were left out: each as it was accepted, with the response that refused it. `ended_by` is the
    response that ended posting before everything was posted.
    """

    lane_messages: LaneMessages
    sent_at: dict[int, datetime] = field(default_factory=dict)
    accepted: list[BuiltMessage] = field(default_factory=list)
    refused_alone: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    too_large: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    reduced: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    ended_by: Response | None = None

    @property
    def refused(self) -> list[tuple[BuiltMessage, Response]]:
        """The messages that Segment refused for what they contain.

        While nothing was accepted, the write key may be what Segment refuses.
        """
        return self.too_large + (self.refused_alone if self.accepted else [])

    @property
    def key_refused(self) -> bool:
        """Whether every message was refused, so that the write key is at fault.

        False if an error left some untried: those might have been accepted. If bisecting exceeded
        its time budget, decide on what was refused so far; otherwise every round would repeat it.
        """
        return (
            bool(self.refused_alone) and not self.accepted and self.ended_by in (None, OUT_OF_TIME)
        )


def post_lane(
    lane_messages: LaneMessages,
    post: Post = segment.post,
    clock: Callable[[], float] = time.monotonic,
) -> LaneResult:
    """Pack the messages and post each batch, one attempt per request."""
    result = LaneResult(
        lane_messages, ended_by=None if lane_messages.lane.write_key else responses.no_key()
    )
    deadline = clock() + LANE_BUDGET_SECONDS
    for batch in pack(lane_messages.identifies):
        _post_batch(result, batch, post, lambda: clock() < deadline)
    for batch in pack(_tracks_to_post(result)):
        _post_batch(result, batch, post, lambda: clock() < deadline)
    return result


def _tracks_to_post(result: LaneResult) -> list[BuiltMessage]:
    """Return the tracks without those of customers whose first identify was not accepted."""
    identified = {message.row.customer_id for message in result.accepted}
    return [
        track
        for track in result.lane_messages.tracks
        if not track.needs_identify or track.row.customer_id in identified
    ]


def _post_batch(
    result: LaneResult, batch: Sequence[BuiltMessage], post: Post, is_in_time: Callable[[], bool]
) -> None:
    if result.ended_by is None and result.attempts and not is_in_time():
        result.ended_by = OUT_OF_TIME
    if result.ended_by is not None:
        return
    response = _attempt(result, batch, post)
    if response.decision is Decision.ACCEPT:
        result.accepted += batch
    elif response.decision not in (Decision.BISECT, Decision.SPLIT):
        result.ended_by = response
    elif len(batch) == 1:
        _refuse(result, batch[0], response, post, is_in_time)
    else:
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            _post_batch(result, half, post, is_in_time)


def _refuse(
    result: LaneResult,
    message: BuiltMessage,
    response: Response,
    post: Post,
    is_in_time: Callable[[], bool],
) -> None:
    """Try a refused identify with fewer traits. What is refused in the end is refused alone."""
    for omitted in reduce.reductions(message.traits, message.omitted):
        if not is_in_time():
            result.ended_by = OUT_OF_TIME
            return
        reduced = leave_out(message, omitted)
        answer = _attempt(result, [reduced], post)
        if answer.decision is Decision.ACCEPT:
            result.accepted.append(reduced)
            result.reduced.append((reduced, response))
            return
        if answer.decision not in (Decision.BISECT, Decision.SPLIT):
            result.ended_by = answer
            return
    alone = result.refused_alone if response.decision is Decision.BISECT else result.too_large
    alone.append((message, response))


def _attempt(result: LaneResult, batch: Sequence[BuiltMessage], post: Post) -> Response:
    lane = result.lane_messages.lane
    at, started = datetime.now(UTC), time.monotonic()
    response = post(
        lane.write_key,
        segment.host(lane.region),
        [message.fields for message in batch],
        lane.failures,
    )
    milliseconds = round((time.monotonic() - started) * 1000)
    size = sum(message.size for message in batch)
    result.attempts.append(
        Attempt(
            lane.business_id, at, response.status, milliseconds, len(batch), size, response.error
        )
    )
    result.sent_at.update((message.row.id, at) for message in batch)
    return response
