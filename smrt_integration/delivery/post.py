"""Post: send one business's batches, live before bulk messages and identifies before tracks.

Batches that are refused are bisected.

Runs in a thread and uses no database: it returns what Segment decided about every message.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import structlog

from events.outbox.rows import Attempt
from smrt_integration.delivery import reduce, responses, segment
from smrt_integration.delivery.build import leave_out
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages
from smrt_integration.delivery.pack import pack
from smrt_integration.delivery.responses import COPY_THE_KEY, Decision, Response

log = structlog.get_logger(__name__)

Post = Callable[[str, str, list[bytes], int], Response]

# After this, no further request starts: the next round continues. Bisecting a batch of 500 takes
# up to 999 requests, and 500 identifies of 32 KB are 35 batches.
LANE_BUDGET_SECONDS: Final = 20.0

# With a key that Segment accepted within 24 h, a message refused alone is refused for what it
# contains. This many in a row, with nothing accepted between, are evidence against the key again.
MAX_REFUSED_IN_ROW: Final = 3

OUT_OF_TIME: Final = Response(Decision.BACK_OFF, None, "", 0.0)
LEASE_ENDED: Final = Response(Decision.BACK_OFF, None, "", 0.0)
"""The lane may be another worker's by now, so nothing more is posted."""

ALL_REFUSED: Final = (
    f"Segment refused every message sent with this write key (it answered 400). {COPY_THE_KEY}"
)


@dataclass(slots=True)
class LaneResult:
    """What the posts of one lane brought.

    `sent_at` has the time of each message's last attempt, by row id. `refused_alone` was refused
    in batches of one, `refused_since_accepted` counts the last of these. `reduced` are identifies
    that were refused alone, and accepted after traits were left out: each as it was accepted, with
    the response that refused it. `unanswered` has the batch that got no answer, `in_doubt` those
    that Segment may have accepted without saying so. `posting` is the batch that is being posted.
    `ended_by` is the response that ended posting before everything was posted.
    """

    lane_messages: LaneMessages
    sent_at: dict[int, datetime] = field(default_factory=dict)
    accepted: list[BuiltMessage] = field(default_factory=list)
    refused_alone: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    too_large: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    reduced: list[tuple[BuiltMessage, Response]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    unanswered: list[BuiltMessage] = field(default_factory=list)
    in_doubt: list[BuiltMessage] = field(default_factory=list)
    posting: Sequence[BuiltMessage] = ()
    refused_since_accepted: int = 0
    ended_by: Response | None = None

    @property
    def refused(self) -> list[tuple[BuiltMessage, Response]]:
        """The messages that Segment refused for what they contain.

        While nothing shows that the write key is right, Segment may be refusing the key.
        """
        return self.too_large + ([] if self.is_key_doubtful else self.refused_alone)

    @property
    def is_key_doubtful(self) -> bool:
        if self.accepted:
            return False
        is_halted = self.ended_by is not None and self.ended_by.decision is Decision.HALT
        lane = self.lane_messages.lane
        in_row = lane.refused_in_row + len(self.refused_alone)
        return not lane.is_key_proven or in_row >= MAX_REFUSED_IN_ROW or is_halted

    @property
    def key_refused(self) -> bool:
        """Whether the write key is at fault, as every message was refused.

        False if an error left some untried: those might have been accepted. If bisecting exceeded
        its time budget, decide on what was refused so far; otherwise every round would repeat it.
        """
        is_complete = self.ended_by is None or self.ended_by is OUT_OF_TIME
        return bool(self.refused_alone) and is_complete and self.is_key_doubtful

    @property
    def refused_in_row(self) -> int:
        """Messages refused alone since one was accepted, by this round or an earlier one.

        Those of a batch of which Segment accepted others halt no lane, however many they are.
        """
        if self.accepted:
            return min(self.refused_since_accepted, MAX_REFUSED_IN_ROW - 1)
        earlier = self.lane_messages.lane.refused_in_row
        return earlier if self.is_key_doubtful else earlier + len(self.refused_alone)

    def given_up(self, ended_by: Response) -> "LaneResult":
        """Return what is known when the thread that posts is not waited for, or failed.

        The batch that it was posting has no answer.
        """
        # The thread may be noting at this moment that this batch got no answer.
        posting = [message for message in self.posting if message not in self.unanswered]
        return replace(
            self,
            sent_at=dict(self.sent_at),
            accepted=list(self.accepted),
            refused_alone=list(self.refused_alone),
            too_large=list(self.too_large),
            reduced=list(self.reduced),
            attempts=list(self.attempts),
            unanswered=[*self.unanswered, *posting],
            in_doubt=[*self.in_doubt, *posting],
            posting=(),
            ended_by=ended_by,
        )


def post_lane(
    lane_messages: LaneMessages,
    post: Post = segment.post,
    clock: Callable[[], float] = time.monotonic,
) -> LaneResult:
    """Pack the messages and post each batch, one attempt per request."""
    result = LaneResult(lane_messages)
    post_into(result, lambda: True, post, clock)
    return result


def _tracks_to_post(result: LaneResult, tracks: Iterable[BuiltMessage]) -> list[BuiltMessage]:
    """Return the tracks without those of customers whose first identify was not accepted."""
    identified = {message.row.customer_id for message in result.accepted}
    return [
        track for track in tracks if not track.needs_identify or track.row.customer_id in identified
    ]


def post_into(
    result: LaneResult,
    holds_lease: Callable[[], bool],
    post: Post = segment.post,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Post the result's messages and note in it what Segment decided, request by request.

    Before each request, the first one too, `holds_lease` says whether the lane is still ours.
    """
    lane_messages = result.lane_messages
    if not lane_messages.lane.write_key:
        result.ended_by = responses.no_key()
    deadline = clock() + LANE_BUDGET_SECONDS

    def may_post() -> Response | None:
        if not holds_lease():
            return LEASE_ENDED
        return OUT_OF_TIME if result.attempts and clock() >= deadline else None

    for is_live in (True, False):
        identifies, tracks = (
            [message for message in messages if lane_messages.is_live(message) is is_live]
            for messages in (lane_messages.identifies, lane_messages.tracks)
        )
        for batch in pack(identifies):
            _post_batch(result, batch, post, may_post)
        for batch in pack(_tracks_to_post(result, tracks)):
            _post_batch(result, batch, post, may_post)


def completed(future: Future[None], result: LaneResult) -> LaneResult:
    """Return the result. A bug that one business's messages meet makes that business wait alone."""
    error = future.exception()
    if error is None:
        return result
    # Not the error's text, which may quote the message.
    business = result.lane_messages.lane.business_id
    log.error("post_failed", business=business, error=type(error).__name__)
    return result.given_up(responses.our_error())


def _post_batch(
    result: LaneResult,
    batch: Sequence[BuiltMessage],
    post: Post,
    may_post: Callable[[], Response | None],
) -> None:
    result.ended_by = result.ended_by or may_post()
    if result.ended_by is not None:
        return
    response = _attempt(result, batch, post)
    if response.decision is Decision.ACCEPT:
        result.accepted += batch
        result.refused_since_accepted = 0
    elif response.decision not in (Decision.BISECT, Decision.SPLIT):
        result.ended_by = response
    elif len(batch) == 1:
        _refuse(result, batch[0], response, post, may_post)
    else:
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            _post_batch(result, half, post, may_post)
    result.posting = ()


def _refuse(
    result: LaneResult,
    message: BuiltMessage,
    response: Response,
    post: Post,
    may_post: Callable[[], Response | None],
) -> None:
    """Try a refused identify with fewer traits. What is refused in the end is refused alone.

    When the time is up, only the last step is tried. Without it, a Segment that answers slowly
    would refuse the same identify in every round, and nothing would be decided.
    """
    steps = list(reduce.reductions(message.traits, message.omitted))
    for omitted in steps:
        ended_by = may_post()
        if ended_by is LEASE_ENDED:
            result.ended_by = ended_by
            return
        if ended_by is OUT_OF_TIME and omitted != steps[-1]:
            continue
        reduced = leave_out(message, omitted)
        answer = _attempt(result, [reduced], post)
        if answer.decision is Decision.ACCEPT:
            result.accepted.append(reduced)
            result.reduced.append((reduced, response))
            result.refused_since_accepted = 0
            return
        if answer.decision not in (Decision.BISECT, Decision.SPLIT):
            result.ended_by = answer
            return
    if response.decision is Decision.BISECT:
        result.refused_alone.append((message, response))
        result.refused_since_accepted += 1
    else:
        result.too_large.append((message, response))


def _attempt(result: LaneResult, batch: Sequence[BuiltMessage], post: Post) -> Response:
    lane = result.lane_messages.lane
    at, started = datetime.now(UTC), time.monotonic()
    result.sent_at.update((message.row.id, at) for message in batch)
    result.posting = batch
    response = post(
        lane.write_key,
        segment.host(lane.region),
        [message.wire for message in batch],
        lane.failures,
    )
    milliseconds = round((time.monotonic() - started) * 1000)
    size = sum(message.size for message in batch)
    result.attempts.append(
        Attempt(
            lane.business_id, at, response.status, milliseconds, len(batch), size, response.error
        )
    )
    if response.is_unanswered:
        result.unanswered += batch
    if response.may_be_accepted:
        result.in_doubt += batch
    return response
