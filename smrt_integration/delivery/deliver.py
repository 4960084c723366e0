"""Deliver what is due: claim, load, build, pack, post, settle, until nothing is due.

One process serves many businesses at a time. This thread claims, loads, builds and settles; a
pool of threads packs and posts, one lane each. The slowest lane delays no other: completed lanes
are settled and new ones claimed while others are in flight.
"""

import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache, partial
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, OperationalError, connection

from customers.outages import Outage
from events import wake
from events.clock import database_now
from events.outbox import held
from events.outbox.rows import Settlement
from events.outbox.settle import settle
from smrt_integration import timeouts
from smrt_integration.delivery import responses, segment, transport
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import (
    MAX_CLAIMED_LANES,
    ClaimedLane,
    claim_lanes,
    end_leases,
    raise_idle_floors,
)
from smrt_integration.delivery.leases import Leases
from smrt_integration.delivery.load import MAX_ROWS_PER_LANE, LoadedRound, load
from smrt_integration.delivery.messages import LaneMessages
from smrt_integration.delivery.pace import Pace
from smrt_integration.delivery.post import LANE_BUDGET_SECONDS, LaneResult, completed, post_into
from smrt_integration.delivery.settle import add_lane_result, log_lane_changes, one_per_business

log = structlog.get_logger(__name__)

# Then a run ends and another continues, so that sweeps and a deploy never wait long for a worker.
RUN_BUDGET_SECONDS: Final = 20.0
# While hanging receivers keep the run from ending, it serves other lanes up to this. A lane may
# then take its time (under 70 s) within CELERY_TASK_SOFT_TIME_LIMIT.
MAX_RUN_SECONDS: Final = 50.0
# A request that takes longer waits for its receiver: it occupies a thread and delays nobody else.
HANGING_SECONDS: Final = 1.0
# How often a process that only waits for responses looks for new lanes.
CLAIM_INTERVAL_SECONDS: Final = 0.1
# Responses that arrive within this time are settled together: a transaction costs more than it.
GATHER_SECONDS: Final = 0.005
MAX_ROWS_IN_FLIGHT: Final = 8_000
# Lanes whose last attempt failed may hang again: they never take more than this many threads.
MAX_FAILING_LANES: Final = transport.MAX_IN_FLIGHT // 4
# Lanes that wait for a thread, so that none is idle while this one claims and settles.
MAX_QUEUED_LANES: Final = transport.MAX_IN_FLIGHT
# Each claim and what follows costs the same queries, however few lanes it takes. While threads are
# busy, it waits until it can take this many.
MIN_CLAIMED_LANES: Final = transport.MAX_IN_FLIGHT // 2
FAILING_INTERVAL_SECONDS: Final = 0.25
# A claim that took this many lanes, and could not take all, means that many businesses have rows.
CROWD_LANES: Final = 30
# How often a run with more than it can take wakes another worker.
HELP_INTERVAL_SECONDS: Final = 0.25
# How often a run that lost its connection tries to open another.
RECONNECT_INTERVAL_SECONDS: Final = 0.5

database_outage = Outage("database")


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Created by the first delivery, so after the fork."""
    return ThreadPoolExecutor(transport.MAX_IN_FLIGHT, thread_name_prefix="post")


@lru_cache(maxsize=1)
def _pace() -> Pace:
    """The pace of this process, which all its runs share."""
    return Pace()


class Delivery:
    """One run. `logged` counts the messages whose outcome was written to the send log."""

    def __init__(
        self,
        from_zero: bool = False,
        budget: float = RUN_BUDGET_SECONDS,
        pace: Pace | None = None,
    ) -> None:
        self.from_zero = from_zero
        self.pace = pace or _pace()
        self.budget = budget
        self.logged = 0
        self.started = time.monotonic()
        self.leases = Leases()
        self.unposted_tokens: set[UUID] = set()
        self.in_flight: dict[Future[None], tuple[LaneResult, float]] = {}
        self.completed: list[LaneResult] = []
        self.unsettled: Settlement | None = None
        self.settling: list[ClaimedLane] = []
        self.has_tidied = False
        self.rows_per_lane = self.live_rows_per_lane = 1.0
        self.is_live_turn = False
        self.is_crowded = False
        self.claim_at = self.claim_failing_at = self.help_at = 0.0

    def run(self) -> bool:
        """Deliver until nothing is due.

        When the connection to the database is lost, what was posted is settled and what was claimed
        is claimed again as soon as the database is back. Returns True when the budget ended first
        and there may be more. Raises a database error when the database stays away.
        """
        with self.leases.kept(), timeouts.use(timeouts.DELIVERY):
            while True:
                try:
                    if not self._step():
                        return self._is_out_of_budget()
                except (InterfaceError, OperationalError) as error:
                    self._reconnect(error)

    def _step(self) -> bool:
        """Start a round, and settle what is completed. Returns False when nothing is left."""
        if self.from_zero and not self.has_tidied:
            raise_idle_floors(database_now())
            held.release_settled()
            self.has_tidied = True
        if self.unposted_tokens:
            # The last round failed, and so may this one: what was posted does not wait for it.
            self._settle(0.0)
        has_started = self._start_round()
        if not self.in_flight and not self.completed and not self.unsettled:
            return False
        self._settle(0.0 if has_started else CLAIM_INTERVAL_SECONDS)
        database_outage.worked()
        return True

    def _start_round(self) -> bool:
        """Claim, load, build and post. Returns whether any lane was due."""
        self._end_unposted()
        started = time.monotonic()
        lanes = self._claim()
        if lanes:
            round_messages = self.leases.hold_in_flight(build(self._load(lanes)))
            self._post(round_messages)
            rows = sum(lane.count for lane in round_messages)
            self.pace.note(rows, time.monotonic() - started)
        self.unposted_tokens = set()
        return bool(lanes)

    def _reconnect(self, error: Exception) -> None:
        """Wait a moment before the database is used again, over another connection.

        Raises the error when the run has lasted too long.
        """
        if connection.in_atomic_block or time.monotonic() - self.started > MAX_RUN_SECONDS:
            raise error
        database_outage.failed(error)
        self.leases.forget(self.unposted_tokens)
        connection.close()
        time.sleep(RECONNECT_INTERVAL_SECONDS)

    def _end_unposted(self) -> None:
        """End the leases of a round that failed before it posted, to claim these lanes again."""
        if self.unposted_tokens:
            end_leases(self.unposted_tokens)
            self.unposted_tokens = set()
            self.claim_at = self.claim_failing_at = 0.0

    def _claim(self) -> list[ClaimedLane]:
        now = time.monotonic()
        if self._may_only_finish() or self._rows_in_flight() >= MAX_ROWS_IN_FLIGHT:
            return []
        lanes: list[ClaimedLane] = []
        if now >= self.claim_failing_at and not self._is_out_of_budget():
            self.claim_failing_at = now + FAILING_INTERVAL_SECONDS
            failing = sum(
                result.lane_messages.lane.failures > 0 for result, _ in self.in_flight.values()
            )
            lanes += self._claim_lanes(MAX_FAILING_LANES - failing, failing=True)
        if now >= self.claim_at:
            healthy = self._claim_live_first(self._room() - len(lanes))
            self.claim_at = 0.0 if healthy else now + CLAIM_INTERVAL_SECONDS
            lanes += healthy
        return lanes

    def _claim_live_first(self, room: int) -> list[ClaimedLane]:
        """Claim lanes in which something live waits, and every second time any.

        A business with one live event does not wait for those with bulk messages. These have their
        rounds under constant live load, too.
        """
        self.is_live_turn = not self.is_live_turn
        lanes: list[ClaimedLane] = []
        if self.is_live_turn:
            lanes = self._claim_healthy(self.live_rows_per_lane, room, live_only=True)
        return lanes or self._claim_healthy(self.rows_per_lane, room)

    def _claim_healthy(
        self, rows_per_lane: float, room: int, *, live_only: bool = False
    ) -> list[ClaimedLane]:
        limit = min(MAX_CLAIMED_LANES, max(1, int(self.pace.rows / rows_per_lane)), room)
        lanes = self._claim_lanes(limit, live_only=live_only)
        self.is_crowded = limit == len(lanes) and (self.is_crowded or limit > CROWD_LANES)
        return lanes

    def _claim_lanes(
        self, limit: int, *, failing: bool = False, live_only: bool = False
    ) -> list[ClaimedLane]:
        if limit <= 0:
            return []
        token, asked_at = uuid4(), time.monotonic()
        self.unposted_tokens.add(token)
        now = database_now()
        lanes = claim_lanes(now, limit, failing, self.from_zero, self.is_crowded, live_only, token)
        self.leases.add(lanes, asked_at)
        return lanes

    def _load(self, lanes: list[ClaimedLane]) -> LoadedRound:
        rows = max(1, self.pace.rows // len(lanes))
        return load(lanes, database_now(), min(MAX_ROWS_PER_LANE, rows))

    def _post(self, round_messages: list[LaneMessages]) -> None:
        """Pack and post each lane in a thread. Lanes with nothing to post are completed."""
        lanes = len(round_messages)
        self.rows_per_lane = max(1.0, sum(map(_rows_of, round_messages)) / lanes)
        self.live_rows_per_lane = max(1.0, sum(map(_live_rows_of, round_messages)) / lanes)
        self._call_help(round_messages)
        for lane_messages in sorted(round_messages, key=lambda lane: not lane.live_customers):
            result = LaneResult(lane_messages)
            if lane_messages.count:
                holds_lease = partial(self.leases.holds, lane_messages.lane)
                future = _threads().submit(post_into, result, holds_lease)
                self.in_flight[future] = (result, time.monotonic())
            else:
                self.completed.append(result)

    def _call_help(self, round_messages: list[LaneMessages]) -> None:
        """Wake another worker when there is more than this one can take.

        Again after a while: the first time, this one may have taken all lanes, and the other found
        nothing to do.
        """
        now = time.monotonic()
        if now < self.help_at:
            return
        if self.is_crowded or any(lane_messages.has_more for lane_messages in round_messages):
            self.help_at = now + HELP_INTERVAL_SECONDS
            wake.wake()

    def _settle(self, seconds: float) -> None:
        """Settle what is completed, after waiting up to `seconds` if nothing is yet."""
        self._collect(0.0 if self.completed or self.unsettled else seconds)
        while self.completed or self.unsettled:
            now = database_now()
            if self.unsettled is None:
                results, self.completed = one_per_business(self.completed)
                self.unsettled = Settlement()
                for result in results:
                    add_lane_result(self.unsettled, result, now, random.random)
                self.settling = [result.lane_messages.lane for result in results]
            self.logged += settle(self.unsettled, now)
            log_lane_changes(self.settling, self.unsettled.lane_updates)
            self.unsettled = None
            self.leases.drop(self.settling)
            if any(lane.failures for lane in self.settling):
                # There is room for the next failing lanes: after a breakdown, all of them are due.
                self.claim_failing_at = 0.0
            # Threads are free again, and the lanes just released may have more.
            self.claim_at = 0.0
        self.leases.renew_when_due()

    def _collect(self, seconds: float) -> None:
        """Move lanes from in flight to completed, waiting up to `seconds` for the first."""
        if wait(self.in_flight, seconds, FIRST_COMPLETED).done:
            for future in wait(self.in_flight, GATHER_SECONDS).done:
                result, _ = self.in_flight.pop(future)
                self.completed.append(completed(future, result))
        self._abandon_trickling()

    def _abandon_trickling(self) -> None:
        """Give up on receivers that send their response so slowly that no time-out ends it."""
        longest = LANE_BUDGET_SECONDS + 2 * segment.longest_post()
        for future, (result, started) in list(self.in_flight.items()):
            if started < time.monotonic() - longest:
                messages = result.lane_messages
                log.warning(
                    "post_abandoned", business=messages.lane.business_id, messages=messages.count
                )
                del self.in_flight[future]
                self.completed.append(result.given_up(responses.timed_out()))

    def _is_out_of_budget(self) -> bool:
        return time.monotonic() - self.started > self.budget

    def _may_only_finish(self) -> bool:
        """Return whether this run claims no more lanes."""
        return self._is_out_of_budget() and (
            not self._is_hanging() or time.monotonic() - self.started > MAX_RUN_SECONDS
        )

    def _is_hanging(self) -> bool:
        since = time.monotonic() - HANGING_SECONDS
        return any(started < since for _, started in self.in_flight.values())

    def _room(self) -> int:
        """Return how many more lanes may be claimed.

        While a receiver hangs, none may wait for a thread: they might wait for that receiver.
        """
        free = transport.MAX_IN_FLIGHT - len(self.in_flight)
        if self._is_hanging():
            return free
        room = free + MAX_QUEUED_LANES
        return room if room >= MIN_CLAIMED_LANES else 0

    def _rows_in_flight(self) -> int:
        """Count the messages in flight, without those of hanging receivers.

        Counted, those would keep every other business from sending.
        """
        since = time.monotonic() - HANGING_SECONDS
        return sum(
            result.lane_messages.count
            for result, started in self.in_flight.values()
            if started >= since
        )


def _rows_of(lane: LaneMessages) -> int:
    """Return how many rows the lane's next round may have."""
    return MAX_ROWS_PER_LANE if lane.has_more else lane.count


def _live_rows_of(lane: LaneMessages) -> int:
    """Return how many live rows the lane's next round may have."""
    live = sum(not message.row.is_bulk for message in lane.to_post)
    return MAX_ROWS_PER_LANE if lane.has_more and live == lane.count else live
