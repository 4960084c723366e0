"""Deliver what is due: claim, load, build, pack, post, settle, until nothing is due.

One process serves many businesses at a time. This thread claims, loads, builds and settles; a
pool of threads packs and posts, one lane each. The slowest lane delays no other: completed lanes
are settled and new ones claimed while others are in flight.
"""

import random
import time
from functools import partial
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
from smrt_integration.delivery import transport
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import (
    MAX_CLAIMED_LANES,
    ClaimedLane,
    claim_lanes,
    end_leases,
    raise_idle_floors,
)
from smrt_integration.delivery.in_flight import InFlight
from smrt_integration.delivery.leases import Leases
from smrt_integration.delivery.load import MAX_ROWS_PER_LANE, LoadedRound, load
from smrt_integration.delivery.messages import LaneMessages
from smrt_integration.delivery.pace import Pace, pace_of_process, rows_per_lane
from smrt_integration.delivery.post import LaneResult
from smrt_integration.delivery.settle import add_lane_result, log_lane_changes, one_per_business

log = structlog.get_logger(__name__)

# Then a run ends and another continues, so that sweeps and a deploy never wait long for a worker.
RUN_BUDGET_SECONDS: Final = 20.0
# While hanging receivers keep the run from ending, it serves other lanes up to this. A lane may
# then take its time (under 70 s) within CELERY_TASK_SOFT_TIME_LIMIT.
MAX_RUN_SECONDS: Final = 50.0
# How often a process that only waits for responses looks for new lanes.
CLAIM_INTERVAL_SECONDS: Final = 0.1
MAX_ROWS_IN_FLIGHT: Final = 8_000
# Lanes whose last attempt failed may hang again: they never take more than this many threads.
MAX_FAILING_LANES: Final = transport.MAX_IN_FLIGHT // 4
FAILING_INTERVAL_SECONDS: Final = 0.25
# A claim that took this many lanes, and could not take all, means that many businesses have rows.
CROWD_LANES: Final = 30
# How often a run with more than it can take wakes another worker.
HELP_INTERVAL_SECONDS: Final = 0.25
# How often a run that lost its connection tries to open another.
RECONNECT_INTERVAL_SECONDS: Final = 0.5

database_outage = Outage("database")


class Delivery:
    """One run. `logged` counts the messages whose outcome was written to the send log."""

    def __init__(
        self,
        from_zero: bool = False,
        budget: float = RUN_BUDGET_SECONDS,
        pace: Pace | None = None,
    ) -> None:
        self.from_zero = from_zero
        self.pace = pace or pace_of_process()
        self.budget = budget
        self.logged = 0
        self.started = time.monotonic()
        self.leases = Leases()
        self.unposted_tokens: set[UUID] = set()
        self.in_flight = InFlight()
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
        if self._may_only_finish() or self.in_flight.rows() >= MAX_ROWS_IN_FLIGHT:
            return []
        lanes: list[ClaimedLane] = []
        if now >= self.claim_failing_at and not self._is_out_of_budget():
            self.claim_failing_at = now + FAILING_INTERVAL_SECONDS
            room = MAX_FAILING_LANES - self.in_flight.failing()
            lanes += self._claim_lanes(room, failing=True)
        if now >= self.claim_at:
            healthy = self._claim_live_first(self.in_flight.room() - len(lanes))
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
        self, rows_of_lane: float, room: int, *, live_only: bool = False
    ) -> list[ClaimedLane]:
        limit = min(MAX_CLAIMED_LANES, max(1, int(self.pace.rows / rows_of_lane)), room)
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
        self.rows_per_lane, self.live_rows_per_lane = rows_per_lane(round_messages)
        self._call_help(round_messages)
        for lane_messages in sorted(round_messages, key=lambda lane: not lane.live_customers):
            result = LaneResult(lane_messages)
            if lane_messages.count:
                self.in_flight.post(result, partial(self.leases.holds, lane_messages.lane))
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
        is_waiting = not self.completed and not self.unsettled
        self.completed += self.in_flight.collect(seconds if is_waiting else 0.0)
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

    def _is_out_of_budget(self) -> bool:
        return time.monotonic() - self.started > self.budget

    def _may_only_finish(self) -> bool:
        """Return whether this run claims no more lanes."""
        return self._is_out_of_budget() and (
            not self.in_flight.is_hanging() or time.monotonic() - self.started > MAX_RUN_SECONDS
        )
