"""Requests in flight: what a run has posted, or is about to post, and not yet settled."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import Final

import structlog

from smrt_integration.delivery import responses, segment, transport
from smrt_integration.delivery.post import LANE_BUDGET_SECONDS, LaneResult, completed, post_into

log = structlog.get_logger(__name__)

# A request that takes longer waits for its receiver: it occupies a thread and delays nobody else.
HANGING_SECONDS: Final = 1.0
# Responses that arrive within this time are settled together: a transaction costs more than it.
GATHER_SECONDS: Final = 0.005
# Lanes that wait for a thread, so that none is idle while this one claims and settles.
MAX_QUEUED_LANES: Final = transport.MAX_IN_FLIGHT
# Each claim and what follows costs the same queries, however few lanes it takes. While threads are
# busy, it waits until it can take this many.
MIN_CLAIMED_LANES: Final = transport.MAX_IN_FLIGHT // 2


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Created by the first delivery, so after the fork."""
    return ThreadPoolExecutor(transport.MAX_IN_FLIGHT, thread_name_prefix="post")


class InFlight:
    """The lanes whose messages are in flight, each with when its thread was asked to post."""

    def __init__(self) -> None:
        self._requests: dict[Future[None], tuple[LaneResult, float]] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Future[None]]:
        """Yield what `concurrent.futures.wait` waits for."""
        return iter(self._requests)

    def post(self, result: LaneResult, holds_lease: Callable[[], bool]) -> None:
        """Post the lane's messages in a thread."""
        future = _threads().submit(post_into, result, holds_lease)
        self._requests[future] = (result, time.monotonic())

    def failing(self) -> int:
        """Return how many lanes failed at their last attempt."""
        return sum(result.lane_messages.lane.failures > 0 for result, _ in self._requests.values())

    def collect(self, seconds: float) -> list[LaneResult]:
        """Return lanes that are completed, after waiting up to `seconds` for the first."""
        results = []
        if wait(self._requests, seconds, FIRST_COMPLETED).done:
            for future in wait(self._requests, GATHER_SECONDS).done:
                result, _ = self._requests.pop(future)
                results.append(completed(future, result))
        return results + self._abandon_trickling()

    def _abandon_trickling(self) -> list[LaneResult]:
        """Give up on receivers that send their response so slowly that no time-out ends it."""
        abandoned = []
        longest = LANE_BUDGET_SECONDS + 2 * segment.longest_post()
        for future, (result, started) in list(self._requests.items()):
            if started < time.monotonic() - longest:
                messages = result.lane_messages
                log.warning(
                    "post_abandoned", business=messages.lane.business_id, messages=messages.count
                )
                del self._requests[future]
                abandoned.append(result.given_up(responses.timed_out()))
        return abandoned

    def is_hanging(self) -> bool:
        since = time.monotonic() - HANGING_SECONDS
        return any(started < since for _, started in self._requests.values())

    def room(self) -> int:
        """Return how many more lanes may be claimed.

        While a receiver hangs, none may wait for a thread: they might wait for that receiver.
        """
        free = transport.MAX_IN_FLIGHT - len(self._requests)
        if self.is_hanging():
            return free
        room = free + MAX_QUEUED_LANES
        return room if room >= MIN_CLAIMED_LANES else 0

    def rows(self) -> int:
        """Count the messages in flight, without those of hanging receivers.

        Counted, those would keep every other business from sending.
        """
        since = time.monotonic() - HANGING_SECONDS
        return sum(
            result.lane_messages.count
            for result, started in self._requests.values()
            if started >= since
        )
