"""RabbitMQ closes the connections of all programs: beat and saves go on at once."""

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from structlog.testing import capture_logs
from time_machine import TimeMachineFixture

from events import wake
from smrt_integration import schedules
from tests.own_beat import OwnBeat
from tests.rabbitmq import RabbitServer, require_rabbitmq

THREADS = 4
"""As many as a web server's pool has connections."""


@pytest.fixture
def rabbitmq(
    folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RabbitServer]:
    """A RabbitMQ for this process. A wake-up may take a second here: the machine may be busy."""
    require_rabbitmq()
    monkeypatch.setattr(wake, "BROKER_TIMEOUT_SECONDS", 1.0)
    server = RabbitServer(folder)
    server.start()
    settings.CELERY_BROKER_URL, settings.CELERY_BROKER_TRANSPORT_OPTIONS = server.url, {}
    wake._producers.cache_clear()
    yield server
    wake._producers(os.getpid()).connections.force_close_all()
    wake._producers.cache_clear()
    server.kill()
    # The AMQP library leaves the sockets that RabbitMQ closed to the garbage collector.
    gc.collect()


def wake_from_all_threads() -> list[bool]:
    """Publish at the same time, so that each thread uses a connection of its own."""
    barrier = Barrier(THREADS)

    def wake_up(_: int) -> bool:
        barrier.wait(10)
        try:
            return wake._try_to_publish(lambda: wake._publish(wake.DELIVER_TASK))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(wake_up, range(THREADS)))


@pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_beat_and_saves_go_on_at_once_after_rabbitmq_closed_their_connections(
    rabbitmq: RabbitServer, time_machine: TimeMachineFixture, request: pytest.FixtureRequest
) -> None:
    time_machine.move_to(timezone.now())
    own_beat = OwnBeat(rabbitmq.url)
    request.addfinalizer(own_beat.close)
    assert own_beat.run().keys() >= schedules.SCHEDULE_NAMES
    assert wake_from_all_threads() == [True] * THREADS

    rabbitmq.close_connections()

    with capture_logs() as logged:
        assert wake_from_all_threads() == [True] * THREADS
        time_machine.shift(61)
        published = own_beat.run()
    assert (published["Deliver what waits"], published[wake.DELIVER_TASK]) == (1, 2 * THREADS)
    # Beat's clock is a minute ahead now. It tells so, unless it asked the database just before.
    assert [line for line in logged if line["event"] != "clock_differs"] == []
