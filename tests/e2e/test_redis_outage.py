"""Redis is frozen, down or flushed: saves neither fail nor wait.

Events leave within 10 s once a worker and beat can run.
"""

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
from smrt_integration.broker import RECONNECT_SECONDS
from smrt_integration.celery import app
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import sending_business, sign_up
from tests.segment import SegmentStandIn
from tests.workers import Beat, Worker, wait_until

DELIVERY_SECONDS = 10.0
"""Events leave within this time once Redis, a worker and beat are running."""

MAX_SAVE_SECONDS = 0.5
"""A wake-up takes at most 0.1 s; a save may take the rest on a busy machine."""


class SignUps:
    """Signs up customers one after the other, and measures each save."""

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
    """Let the server accept connections without a response."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_saves_neither_fail_nor_wait_while_redis_is_frozen_or_down(own_redis: RedisServer) -> None:
    sign_ups = SignUps()
    with frozen(own_redis):
        sign_ups.sign_up_for(1.5)
    while_frozen = len(sign_ups.customers)
    own_redis.stop()
    sign_ups.sign_up_for(1.5)

    assert Outgoing.objects.count() == 2 * len(sign_ups.customers)
    assert min(while_frozen, len(sign_ups.customers) - while_frozen) > 20
    # One save tries the wake-up; the next ones skip it for some seconds.
    assert sorted(sign_ups.seconds)[len(sign_ups.seconds) * 9 // 10] < 0.05
    assert max(sign_ups.seconds) < MAX_SAVE_SECONDS


@pytest.mark.slow
def test_everything_leaves_soon_after_redis_was_flushed_and_restarted_under_load(
    own_redis: RedisServer,
    start_worker: Callable[..., Worker],
    start_beat_with: Callable[..., Beat],
    segment: SegmentStandIn,
) -> None:
    start_worker(REDIS_URL=own_redis.url)
    start_beat_with(REDIS_URL=own_redis.url).wait_for_output("beat: Starting")
    sign_ups = SignUps()
    sign_ups.sign_up_for(0.5)
    segment.wait_for(2, WRITE_KEY, timeout=DELIVERY_SECONDS)

    redis.Redis.from_url(own_redis.url).flushall()
    sign_ups.sign_up_for(0.5)
    wait_until(
        lambda: segment.counts(WRITE_KEY)["accepted"] == 2 * len(sign_ups.customers),
        "all messages arrive after the flush",
        DELIVERY_SECONDS,
    )

    own_redis.stop()
    sign_ups.sign_up_for(4.0)
    own_redis.start()
    sign_ups.sign_up_for(0.5)
    everything = 2 * len(sign_ups.customers)
    wait_until(
        lambda: segment.counts(WRITE_KEY)["accepted"] == everything,
        "all messages arrive after the restart",
        DELIVERY_SECONDS,
    )

    wait_until(lambda: not Outgoing.objects.exists(), "the outbox is empty")
    assert SendLog.objects.filter(outcome="accepted").count() == everything
    assert segment.counts(WRITE_KEY)["dropped"] == 0
    assert max(sign_ups.seconds) < MAX_SAVE_SECONDS


@pytest.mark.slow
def test_programs_try_every_second_whether_the_broker_is_back() -> None:
    pauses: list[float] = []
    connection = app.connection_for_read(f"redis://127.0.0.1:{free_port()}/0")

    with pytest.raises(OperationalError):
        connection.ensure_connection(lambda error, pause: pauses.append(pause), max_retries=3)

    assert set(pauses) == {RECONNECT_SECONDS} == {1.0}
    assert len(pauses) == 3
