"""The leases of one run of a worker, as its threads see them.

The thread that claims renews them. While the database keeps that thread waiting, a thread of its
own renews them on a connection of its own.
"""

import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import structlog
from django.db import Error, connection

from events.clock import database_now
from smrt_integration.delivery.claim import LEASE, ClaimedLane, hold_in_flight, renew_leases
from smrt_integration.delivery.messages import LaneMessages

log = structlog.get_logger(__name__)

# Several times within a lease.
RENEW_INTERVAL_SECONDS: Final = 8.0
# So much later than the interval, the thread that claims is waiting for the database.
KEEPER_DELAY_SECONDS: Final = 4.0
LOOK_INTERVAL_SECONDS: Final = 1.0
# No request starts when its lease has less than this left: it takes time to arrive at Segment.
MARGIN_SECONDS: Final = 5.0


LeaseKey = tuple[int, UUID]
"""Business id and token."""


def _key(lane: ClaimedLane) -> LeaseKey:
    return lane.business_id, lane.token


class Leases:
    """Until when each lane is surely ours, on this process's monotonic clock.

    A lease is taken after we ask for it, so it lasts at least for its length from that moment.
    """

    def __init__(self) -> None:
        self._until: dict[LeaseKey, float] = {}
        self._lock = threading.Lock()
        self._renewed_at = time.monotonic()

    def add(self, lanes: Iterable[ClaimedLane], asked_at: float) -> None:
        """Note lanes that were claimed by a statement sent at this monotonic time."""
        with self._lock:
            self._until |= {_key(lane): _end_of_lease(asked_at) for lane in lanes}

    def drop(self, lanes: Iterable[ClaimedLane]) -> None:
        """Forget lanes that were released or lost."""
        with self._lock:
            for lane in lanes:
                self._until.pop(_key(lane), None)

    def forget(self, tokens: Collection[UUID]) -> None:
        """Renew the leases with these tokens no more."""
        with self._lock:
            self._until = {key: end for key, end in self._until.items() if key[1] not in tokens}

    def holds(self, lane: ClaimedLane) -> bool:
        """Return whether the lane is still ours."""
        return time.monotonic() < self._until.get(_key(lane), 0.0)

    def hold_in_flight(self, lanes: list[LaneMessages]) -> list[LaneMessages]:
        """Keep which identifies are about to be posted, for when this worker dies.

        Returns the lanes without those whose lease is lost.
        """
        to_hold = {
            messages.lane: {
                identify.row.message_id: (identify.row.customer_id, identify.traits_hash)
                for identify in messages.identifies
            }
            for messages in lanes
            if messages.identifies
        }
        held = hold_in_flight(to_hold)
        lost = [lane for lane in to_hold if lane.business_id not in held]
        self.drop(lost)
        return [messages for messages in lanes if messages.lane not in lost]

    def renew_when_due(self, after: float = RENEW_INTERVAL_SECONDS) -> None:
        """Extend all leases if the last time is longer ago than `after` seconds."""
        asked_at = time.monotonic()
        keys = list(self._until)
        if not keys or asked_at - self._renewed_at <= after:
            return
        kept = renew_leases(database_now(), {token for _, token in keys})
        with self._lock:
            self._renewed_at = asked_at
            # The others were lost, and end here by themselves, or are locked until the next time.
            for key in kept & self._until.keys():
                self._until[key] = _end_of_lease(asked_at)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the leases from another thread while the block is held up by the database."""
        stop = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(stop,), name="leases", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            stop.set()
            keeper.join()

    def _keep(self, stop: threading.Event) -> None:
        while not stop.wait(LOOK_INTERVAL_SECONDS):
            try:
                self.renew_when_due(RENEW_INTERVAL_SECONDS + KEEPER_DELAY_SECONDS)
            except Error as error:
                # The leases end unless a later attempt succeeds. Then nothing more is posted.
                log.debug("leases_not_renewed", error=type(error).__name__)
            finally:
                connection.close()


def _end_of_lease(asked_at: float) -> float:
    return asked_at + LEASE.total_seconds() - MARGIN_SECONDS
