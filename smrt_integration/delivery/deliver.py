"""Deliver what is due: claim, load, ship, land, settle, until nothing is due.

One process serves many businesses at a time: the database and the building are this thread's, each business's requests a thread's
of the pool. Nobody waits for the slowest: what has landed is settled and new lanes are claimed while others are under way.
"""

import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import Final

import structlog
from django.utils import timezone

from events import wake
from events.outbox.rows import Settlement
from events.outbox.settle import settle
from smrt_integration.delivery import build, claim, responses, segment, transport
from smrt_integration.delivery.messages import LaneMessages
from smrt_integration.delivery.post import ENOUGH_SECONDS, LaneResult, post_lane
from smrt_integration.delivery.settle import add_lane_result

log = structlog.get_logger(__name__)

# After this a task ends and another goes on, so that sweeps and a deploy never wait long for a busy worker.
BUDGET_SECONDS: Final = 20.0
# Except while hanging receivers keep it from ending: then it goes on with the others, up to this; then a shipment may still take its
# time (under 70 s) within CELERY_TASK_SOFT_TIME_LIMIT.
LATEST_SECONDS: Final = 50.0
# A request that takes longer waits for its receiver. It costs a thread, but nobody else waits for it.
HANGING_SECONDS: Final = 1.0
# How often a process that only waits for answers looks whether something new is due.
LOOK_SECONDS: Final = 0.1
# Answers that come within this of each other are settled together: a transaction costs more than the wait.
GATHER_SECONDS: Final = 0.005
# Rows taken at a time, about a quarter of a second of building: enough to share the round's queries, little enough for a second process.
ROWS_PER_CLAIM: Final = 2_000
ROWS_UNDER_WAY: Final = 8_000
# Lanes whose last attempt failed may hang again; together they never take more than a quarter of the threads.
FAILING: Final = transport.MAX_IN_FLIGHT // 4
# Shipments that wait for a thread, so that none is idle while this one claims and settles.
IN_ADVANCE: Final = transport.MAX_IN_FLIGHT
# Lanes taken at once at least, as long as threads are busy: each claim and what follows costs the same queries, however few they are.
FEWEST_LANES: Final = transport.MAX_IN_FLIGHT // 2
FAILING_SECONDS: Final = 0.25
# A claim that found this many lanes and could have found more says that many businesses have something waiting.
CROWD: Final = 30
RENEW_SECONDS: Final = 8.0


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """Made at the first delivery, so after the fork."""
    return ThreadPoolExecutor(transport.MAX_IN_FLIGHT, thread_name_prefix="ship")


class Delivery:
    """One run of `deliver`. `logged` counts the messages whose outcome is known now."""

    def __init__(self, from_zero: bool = False, budget: float = BUDGET_SECONDS) -> None:
        self.from_zero = from_zero
        self.budget = budget
        self.logged = 0
        self.started = time.monotonic()
        self.flights: dict[Future[LaneResult], tuple[LaneMessages, float]] = {}
        self.landed: list[LaneResult] = []
        self.rows_per_lane = 1.0
        self.crowded = False
        self.called = False
        self.look_at = self.troubled_at = 0.0
        self.renew_at = self.started + RENEW_SECONDS

    def run(self) -> bool:
        """Deliver until nothing is due. True when the budget ended first and there may be more."""
        if self.from_zero:
            claim.raise_idle_floors(timezone.now())
        while True:
            took_off = self._take_off()
            if not self.flights and not self.landed:
                return self._out_of_budget()
            self._settle(0.0 if took_off else LOOK_SECONDS)

    def _out_of_budget(self) -> bool:
        return time.monotonic() - self.started > self.budget

    def _closed(self) -> bool:
        """Nothing more is taken up."""
        return self._out_of_budget() and (
            not self._hanging() or time.monotonic() - self.started > LATEST_SECONDS
        )

    def _hanging(self) -> bool:
        since = time.monotonic() - HANGING_SECONDS
        return any(started < since for _, started in self.flights.values())

    def _take_off(self) -> bool:
        now = time.monotonic()
        if self._closed() or self._rows_under_way() >= ROWS_UNDER_WAY:
            return False
        found: list[claim.ClaimedLane] = []
        if now >= self.troubled_at and not self._out_of_budget():
            self.troubled_at = now + FAILING_SECONDS
            under_way = sum(load.lane.failures > 0 for load, _ in self.flights.values())
            found += self._claim(FAILING - under_way, troubled=True)
        if now >= self.look_at:
            most = min(
                claim.MOST_LANES,
                max(1, int(ROWS_PER_CLAIM / self.rows_per_lane)),
                self._room() - len(found),
            )
            well = self._claim(most)
            self.crowded = most == len(well) and (self.crowded or most > CROWD)
            self.look_at = 0.0 if well else now + LOOK_SECONDS
            found += well
        if found:
            self._start(
                build.load(
                    found, timezone.now(), min(build.MOST_ROWS, ROWS_PER_CLAIM // len(found))
                )
            )
        return bool(found)

    def _room(self) -> int:
        """How many more shipments to take up now. None in advance while a receiver hangs: they might wait for it."""
        free = transport.MAX_IN_FLIGHT - len(self.flights)
        if self._hanging():
            return free
        room = free + IN_ADVANCE
        return room if room >= FEWEST_LANES else 0

    def _claim(self, limit: int, troubled: bool = False) -> list[claim.ClaimedLane]:
        return (
            claim.claim(timezone.now(), limit, troubled, self.from_zero, self.crowded)
            if limit > 0
            else []
        )

    def _start(self, loads: list[LaneMessages]) -> None:
        self.rows_per_lane = max(
            1.0, sum(build.MOST_ROWS if load.more else load.messages for load in loads) / len(loads)
        )
        if not self.called and (self.crowded or any(load.more for load in loads)):
            self.called = True
            wake.wake()
        for load in loads:
            if load.messages:
                self.flights[_threads().submit(post_lane, load)] = (load, time.monotonic())
            else:
                self.landed.append(LaneResult(load))

    def _rows_under_way(self) -> int:
        """Without those of hanging receivers, which would otherwise keep everybody's from leaving."""
        since = time.monotonic() - HANGING_SECONDS
        return sum(load.messages for load, started in self.flights.values() if started >= since)

    def _settle(self, patience: float) -> None:
        self._collect(0.0 if self.landed else patience)
        while self.landed:
            now, settlement, shipments = timezone.now(), Settlement(), self._one_of_each()
            for shipment in shipments:
                add_lane_result(shipment, settlement, now, random.random)
            self.logged += settle(settlement, now)
            if any(shipment.load.lane.failures for shipment in shipments):
                # there is room for the next of them: after a breakdown all are due
                self.troubled_at = 0.0
            # threads are free again, and the lanes just released may have more
            self.look_at = 0.0
        if time.monotonic() > self.renew_at:
            self.renew_at = time.monotonic() + RENEW_SECONDS
            claim.renew(timezone.now(), {load.lane.token for load, _ in self.flights.values()})

    def _one_of_each(self) -> list[LaneResult]:
        """One landed shipment of each business. Who stood still until its lease ended (a frozen machine, say) may have taken the lane
        again, with the same messages: the second settling must find what the first one did."""
        first: dict[int, LaneResult] = {}
        self.landed = [
            shipment
            for shipment in self.landed
            if first.setdefault(shipment.load.lane.business_id, shipment) is not shipment
        ]
        return list(first.values())

    def _collect(self, patience: float) -> None:
        if wait(self.flights, patience, FIRST_COMPLETED).done:
            for flight in wait(self.flights, GATHER_SECONDS).done:
                load, _ = self.flights.pop(flight)
                self.landed.append(self._landed(flight, load))
        # longer than any shipment whose receiver keeps to the time-outs; one that trickles is given up on
        too_long = time.monotonic() - ENOUGH_SECONDS - 2 * segment.longest_post()
        for flight, (load, since) in list(self.flights.items()):
            if since < too_long:
                log.warning(
                    "shipment_abandoned", business=load.lane.business_id, messages=load.messages
                )
                del self.flights[flight]
                self.landed.append(LaneResult(load, halted=responses.timed_out()))

    def _landed(self, flight: Future[LaneResult], load: LaneMessages) -> LaneResult:
        """A fault of ours with one business's load makes that business wait and no other."""
        try:
            return flight.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is about one business
            # not the error itself: its text may quote the message
            log.error(  # noqa: TRY400
                "shipment_failed", business=load.lane.business_id, error=type(error).__name__
            )
            return LaneResult(load, halted=responses.failed())
