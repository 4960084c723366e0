"""A worker lives on whatever happens to Redis while it runs a task, and logs each outage once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis

from devtools.services.redis import RedisServer
from events import wake
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import sending_business, sign_up
from tests.segment import SegmentStandIn
from tests.workers import Worker, show_output_on_failure, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AWAY, BACK = (f"{event} " for event in ("server_away", "server_back"))
TASKS = "server=broker used_for=tasks"


@contextmanager
def replica(server: RedisServer) -> Iterator[None]:
    """Make it a replica of a server that does not exist: it refuses writes and blocking reads."""
    client = redis.Redis.from_url(server.url)
    client.replicaof("127.0.0.1", "1")
    yield
    client.replicaof("NO", "ONE")


@contextmanager
def full(server: RedisServer) -> Iterator[None]:
    client = redis.Redis.from_url(server.url)
    client.config_set("maxmemory", 1)
    yield
    client.config_set("maxmemory", 0)


@contextmanager
def cutting_clients_off(server: RedisServer) -> Iterator[None]:
    client = redis.Redis.from_url(server.url)
    client.config_set("maxclients", 1)
    client.client_kill_filter(_type="normal", skipme=True)
    yield
    client.config_set("maxclients", 1_000)


@contextmanager
def killed(server: RedisServer) -> Iterator[None]:
    server.kill()
    yield
    server.start()


def deliver_soon() -> None:
    """Publish `deliver`, also if the last one was lost with its wake-up key left behind."""
    assert wake.wake_thread.finish(10)
    wake._paused_until = 0.0
    wake.clear()
    assert wake.wake()


FAULTS: dict[Callable[[RedisServer], AbstractContextManager[None]], int] = {
    killed: 1,
    replica: 1,
    full: 0,
    cutting_clients_off: 1,
}
"""How many outages a worker notices. It only reads, which a full Redis allows."""


def test_a_worker_outlives_every_fault_of_redis(
    own_redis: RedisServer, start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    worker = start_worker(REDIS_URL=own_redis.url)
    business = sending_business(WRITE_KEY)
    segment.fault("delay", delay_ms=300)

    def logged(event: str) -> int:
        return sum(event in line and TASKS in line for line in worker.printed.splitlines())

    def go_through(fault: Callable[[RedisServer], AbstractContextManager[None]]) -> None:
        before, away = segment.counts(WRITE_KEY), logged(AWAY) + FAULTS[fault]
        requests = len(segment.requests())
        sign_up(business)
        deliver_soon()
        wait_until(lambda: len(segment.requests()) > requests, "a task is under way")
        with fault(own_redis):
            wait_until(
                lambda: segment.counts(WRITE_KEY)["accepted"] == before["accepted"] + 2,
                "it is done",
            )
            wait_until(lambda: logged(AWAY) == away, "the outage is logged")
        wait_until(lambda: logged(BACK) == away, "its end is logged")

    with show_output_on_failure(worker):
        for fault in FAULTS:
            go_through(fault)

        assert worker.process.poll() is None
        assert "Traceback" not in worker.printed
