"""Redis slow, down, flushed: saves neither fail nor wait, and events leave within 10 s of a worker and beat being able to run."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
from kombu.exceptions import OperationalError

from customers.models import Customer
from devtools.services.ports import free_port
from devtools.services.redis import RedisServer
from events.models import Outgoing, SendLog
from smrt_integration.celery import LOOK_FOR_BROKER_SECONDS, app
from tests.conftest import WRITE_KEY
from tests.delivery.scene import sending_business, sign_up
from tests.segment import SegmentStandIn
from tests.workers import Beat, Worker, wait_until

SOON = 10.0
"""Seconds within which events leave once everything can run; design's promise."""

WAITED_LONG = 0.5
"""Seconds. A wake-up is tried for 0.1 at most; the rest is what a save may take on a busy machine."""


class Counter:
    """A counter that signs up customers one after the other, and looks at the clock."""

    def __init__(self) -> None:
        self.business = sending_business(WRITE_KEY)
        self.customers: list[Customer] = []
        self.seconds: list[float] = []

    def sign_up_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.sign_up_one()

    def sign_up_one(self) -> None:
        started = time.monotonic()
        self.customers.append(sign_up(self.business))
        self.seconds.append(time.monotonic() - started)


@contextmanager
def frozen(server: RedisServer) -> Iterator[None]:
    """It takes connections and does not answer."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_saves_neither_fail_nor_wait_while_redis_is_frozen_or_down(own_redis: RedisServer) -> None:
    counter = Counter()
    with frozen(own_redis):
        counter.sign_up_for(1.5)
    in_the_frozen = len(counter.customers)
    own_redis.stop()
    counter.sign_up_for(1.5)

    assert Outgoing.objects.count() == 2 * len(counter.customers)
    assert min(in_the_frozen, len(counter.customers) - in_the_frozen) > 20
    # tried by one save, and then not again for some seconds
    assert sorted(counter.seconds)[len(counter.seconds) * 9 // 10] < 0.05
    assert max(counter.seconds) < WAITED_LONG


@pytest.mark.slow
def test_everything_leaves_soon_after_redis_was_flushed_and_restarted_under_load(
    own_redis: RedisServer,
    start_worker: Callable[..., Worker],
    start_beat_with: Callable[..., Beat],
    segment: SegmentStandIn,
) -> None:
    start_worker(REDIS_URL=own_redis.url)
    start_beat_with(REDIS_URL=own_redis.url).wait_for_output("beat: Starting")
    counter = Counter()
    counter.sign_up_for(0.5)
    segment.wait_for(2, WRITE_KEY, timeout=SOON)

    redis.Redis.from_url(own_redis.url).flushall()
    counter.sign_up_for(0.5)
    wait_until(
        lambda: segment.counts(WRITE_KEY)["accepted"] == 2 * len(counter.customers),
        "all arrived after the flush",
        SOON,
    )

    own_redis.stop()
    counter.sign_up_for(4.0)
    own_redis.start()
    counter.sign_up_for(0.5)
    everything = 2 * len(counter.customers)
    wait_until(
        lambda: segment.counts(WRITE_KEY)["accepted"] == everything,
        "all arrived after the restart",
        SOON,
    )

    wait_until(lambda: not Outgoing.objects.exists(), "the outbox was empty")
    assert SendLog.objects.filter(outcome="accepted").count() == everything
    assert segment.counts(WRITE_KEY)["dropped"] == 0
    assert max(counter.seconds) < WAITED_LONG


@pytest.mark.slow
def test_programs_look_every_second_whether_the_broker_is_back() -> None:
    pauses: list[float] = []
    gone = app.connection_for_read(f"redis://127.0.0.1:{free_port()}/0")

    with pytest.raises(OperationalError):
        gone.ensure_connection(lambda error, pause: pauses.append(pause), max_retries=3)

    assert set(pauses) == {LOOK_FOR_BROKER_SECONDS} == {1.0}
    assert len(pauses) == 3
