"""Wake-ups: one per transaction while none waits, and never a slow or failed save."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import redis
from django.db import transaction

from customers.models import Customer
from devtools.services.redis import RedisServer
from events import wake
from events.models import Integration, Outgoing
from tests.events.outbox_rows import names
from tests.factories import CustomerFactory
from tests.workers import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("wake_ups")]

# Seconds that one save may take longer: 0.1, and 0.1 more for a busy machine.
# Without our timeouts it would be at least one second.
LONGEST_DELAY = 0.2
# Seconds that 20 saves may take longer than with a working Redis, on a busy machine. If each save
# tried, it would be at least one second.
NO_DELAY = 0.9


def forget_connections() -> None:
    """Forget this process's connections, and the pause after a failure."""
    let_wake_ups_end()
    wake._redis.cache_clear()
    wake._producers.cache_clear()
    wake._paused_until = 0.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that this test may stop, suspend and flush."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def wake_ups(
    server: RedisServer, settings: Any, integration: Integration
) -> Iterator[Callable[[], int]]:
    """A function that counts the `deliver` tasks in the broker, which is empty at first."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = server.url
    forget_connections()
    broker = redis.Redis.from_url(server.url)
    broker.flushdb()

    def count() -> int:
        let_wake_ups_end()
        return int(broker.llen("celery"))

    yield count
    broker.close()
    forget_connections()


def let_wake_ups_end() -> None:
    """Wait until the thread has made the wake-ups of all saves so far."""
    assert wake.wake_thread.finish(10)


def save(customer: Customer) -> None:
    customer.receive_texts = not customer.receive_texts
    customer.save()


def seconds(action: Callable[[], object], times: int = 1) -> float:
    started = time.perf_counter()
    for _ in range(times):
        action()
    return time.perf_counter() - started


@contextmanager
def suspended(server: RedisServer) -> Iterator[None]:
    """Suspend the server. The system still accepts connections, but no answer comes."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_save_publishes_one_wake_up(customer: Customer, wake_ups: Callable[[], int]) -> None:
    save(customer)
    assert wake_ups() == 1


def test_a_thousand_saves_of_one_transaction_publish_one_wake_up_at_commit(
    server: RedisServer, customer: Customer, wake_ups: Callable[[], int]
) -> None:
    let_wake_ups_end()
    redis.Redis.from_url(server.url).config_resetstat()
    redis.Redis.from_url(server.url).flushall()
    with transaction.atomic():
        for number in range(1_000):
            customer.first_name = f"Ann {number}"
            customer.save(update_fields=["first_name"])
        assert wake_ups() == 0
    assert wake_ups() == 1
    assert redis.Redis.from_url(server.url).info("commandstats")["cmdstat_set"]["calls"] == 1


def test_saves_publish_no_second_wake_up_while_one_waits(
    customer: Customer, wake_ups: Callable[[], int]
) -> None:
    for _ in range(50):
        save(customer)
    assert wake_ups() == 1


def test_after_a_worker_started_the_next_save_publishes_a_wake_up(
    customer: Customer, wake_ups: Callable[[], int]
) -> None:
    save(customer)
    let_wake_ups_end()
    wake.clear()
    assert wake_ups() == 1
    save(customer)
    save(customer)
    assert wake_ups() == 2


def test_a_save_wakes_although_redis_closed_the_connection(
    server: RedisServer, customer: Customer, wake_ups: Callable[[], int]
) -> None:
    save(customer)
    let_wake_ups_end()
    wake.clear()
    assert redis.Redis.from_url(server.url).client_kill_filter(_type="normal", skipme=True) >= 2
    save(customer)
    assert wake_ups() == 2


def test_a_lost_wake_up_prevents_others_for_at_most_five_seconds(
    server: RedisServer, customer: Customer
) -> None:
    save(customer)
    let_wake_ups_end()
    assert 0 < redis.Redis.from_url(server.url).pttl(wake.WAKE_UP_KEY) <= 5_000


def test_after_the_broker_lost_everything_the_next_save_publishes_a_wake_up(
    server: RedisServer, customer: Customer, wake_ups: Callable[[], int]
) -> None:
    save(customer)
    let_wake_ups_end()
    redis.Redis.from_url(server.url).flushall()
    assert wake_ups() == 0
    save(customer)
    assert wake_ups() == 1


class TestNoWakeUp:
    def test_a_transaction_that_is_rolled_back_publishes_no_wake_up(
        self, customer: Customer, wake_ups: Callable[[], int]
    ) -> None:
        with transaction.atomic():
            save(customer)
            transaction.set_rollback(True)
        assert wake_ups() == 0

    def test_a_savepoint_that_is_rolled_back_publishes_no_wake_up(
        self, customer: Customer, wake_ups: Callable[[], int]
    ) -> None:
        with transaction.atomic(), transaction.atomic():
            save(customer)
            transaction.set_rollback(True)
        assert wake_ups() == 0

    def test_a_save_without_an_event_publishes_no_wake_up(
        self, customer: Customer, wake_ups: Callable[[], int]
    ) -> None:
        customer.save()
        assert wake_ups() == 0

    def test_a_business_that_is_switched_off_publishes_no_wake_up(
        self, customer: Customer, wake_ups: Callable[[], int]
    ) -> None:
        Integration.objects.update(enabled=False)
        save(customer)
        assert wake_ups() == 0


@pytest.mark.parametrize("inner_first", [True, False])
def test_a_rolled_back_savepoint_does_not_prevent_the_wake_up_of_the_rest(
    server: RedisServer, customer: Customer, wake_ups: Callable[[], int], inner_first: bool
) -> None:
    other = CustomerFactory.create(business=customer.business)
    Outgoing.objects.all().delete()
    let_wake_ups_end()
    redis.Redis.from_url(server.url).flushall()
    with transaction.atomic():
        if not inner_first:
            save(other)
        with transaction.atomic():
            save(customer)
            transaction.set_rollback(True)
        if inner_first:
            save(other)
    assert names() == ["identify"]
    assert wake_ups() == 1


def usual_seconds(customer: Customer) -> float:
    """Return the seconds that a save takes with a working Redis."""
    save(customer)
    return median(seconds(lambda: save(customer)) for _ in range(5))


class TestRedisIsDown:
    def test_a_redis_that_is_down_delays_one_save_briefly_and_the_next_ones_not_at_all(
        self, server: RedisServer, customer: Customer
    ) -> None:
        usual = usual_seconds(customer)
        server.stop()
        assert seconds(lambda: save(customer)) < usual + LONGEST_DELAY
        assert seconds(lambda: save(customer), times=20) < 20 * usual + NO_DELAY
        assert names() == ["identify"]

    def test_a_redis_that_is_down_fails_no_save_with_or_without_open_connections(
        self, server: RedisServer, customer: Customer
    ) -> None:
        server.stop()
        for _ in range(3):
            forget_connections()
            save(customer)
        assert names() == ["identify"]

    def test_saves_publish_wake_ups_again_some_seconds_after_redis_is_back(
        self, server: RedisServer, customer: Customer, wake_ups: Callable[[], int]
    ) -> None:
        server.stop()
        save(customer)
        server.start()
        save(customer)
        assert wake_ups() == 0

        def save_and_count() -> int:
            save(customer)
            return wake_ups()

        started = time.monotonic()
        wait_until(save_and_count, "a save woke a worker", timeout=wake.PAUSE_SECONDS + 2)
        assert time.monotonic() - started > wake.PAUSE_SECONDS - 1
        assert wake_ups() == 1

    def test_a_redis_that_is_down_does_not_prevent_a_delivery(self, server: RedisServer) -> None:
        server.stop()
        wake.clear()
        assert wake.wake() is False


class TestRedisHangs:
    def test_a_redis_that_hangs_delays_one_save_briefly_and_the_next_ones_not_at_all(
        self, server: RedisServer, customer: Customer
    ) -> None:
        usual = usual_seconds(customer)
        with suspended(server):
            assert seconds(lambda: save(customer)) < usual + LONGEST_DELAY
            assert seconds(lambda: save(customer), times=20) < 20 * usual + NO_DELAY

    def test_a_redis_that_hangs_delays_no_longer_if_there_was_no_connection(
        self, server: RedisServer, customer: Customer
    ) -> None:
        usual = usual_seconds(customer)
        forget_connections()
        with suspended(server):
            assert seconds(lambda: save(customer)) < usual + LONGEST_DELAY
            assert seconds(lambda: save(customer), times=20) < 20 * usual + NO_DELAY


@pytest.mark.parametrize("is_listening", [True, False])
def test_a_rabbitmq_that_hangs_or_is_down_delays_no_longer(
    customer: Customer, settings: Any, is_listening: bool
) -> None:
    usual = usual_seconds(customer)
    wake.clear()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.CELERY_BROKER_URL = f"amqp://guest:guest@127.0.0.1:{listener.getsockname()[1]}//"
        settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
        forget_connections()
        if not is_listening:
            listener.close()
        assert seconds(lambda: save(customer)) < usual + LONGEST_DELAY
        assert seconds(lambda: save(customer), times=20) < 20 * usual + NO_DELAY


class TestSeparateBroker:
    """CELERY_BROKER_URL may name another server than REDIS_URL."""

    @pytest.fixture(autouse=True)
    def _broker(self, wake_ups: Callable[[], int], tmp_path: Path, settings: Any) -> Iterator[None]:
        self.broker = RedisServer(tmp_path / "broker")
        self.broker.start()
        settings.CELERY_BROKER_URL = self.broker.url
        forget_connections()
        yield
        self.broker.kill()

    def test_a_separate_broker_gets_the_wake_up(
        self, customer: Customer, wake_ups: Callable[[], int]
    ) -> None:
        save(customer)
        let_wake_ups_end()
        assert redis.Redis.from_url(self.broker.url).llen("celery") == 1
        assert wake_ups() == 0

    @pytest.mark.parametrize("connected", [True, False])
    def test_a_broker_that_hangs_delays_one_save_briefly_and_the_next_ones_not_at_all(
        self, customer: Customer, connected: bool
    ) -> None:
        usual = usual_seconds(customer)
        wake.clear()
        if not connected:
            forget_connections()
        with suspended(self.broker):
            assert seconds(lambda: save(customer)) < usual + LONGEST_DELAY
            assert seconds(lambda: save(customer), times=20) < 20 * usual + NO_DELAY

    @pytest.mark.parametrize("connected", [True, False])
    def test_a_broker_that_is_down_delays_one_save_briefly_and_the_next_ones_not_at_all(
        self, customer: Customer, connected: bool
    ) -> None:
        usual = usual_seconds(customer)
        wake.clear()
        if not connected:
            forget_connections()
        self.broker.stop()
        assert seconds(lambda: save(customer)) < usual + LONGEST_DELAY
        assert seconds(lambda: save(customer), times=20) < 20 * usual + NO_DELAY
        assert names() == ["identify"]
