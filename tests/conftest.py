"""Real servers for every test: PostgreSQL and Redis of its own unless the environment names some, and the Segment stand-in."""

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from devtools.services.command import provide_services

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("LOG_LEVEL", "WARNING")
provide_services()
# Of two processes that test at once, each has a Redis database of its own, as it has a PostgreSQL database. Counted from the last, as the
# bench takes the first that is empty.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if PROCESS:
    own = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{16 - PROCESS}").geturl()
    os.environ["REDIS_URL"] = os.environ["CELERY_BROKER_URL"] = own
os.environ["DJANGO_SETTINGS_MODULE"] = "smrt_integration.settings"

import django  # noqa: E402

# before any test module is imported, and pytest-django leaves alone what is set up
django.setup()

from tests.segment import SegmentStandIn  # noqa: E402 - it may import nothing before the servers are named
from tests.workers import Beat, Worker  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    """Processes that test inherit the environment. With the settings named in it, they would load them before they choose a Redis."""
    if config.getoption("numprocesses", None):
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)


WRITE_KEY = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture(scope="session")
def stand_in() -> Iterator[SegmentStandIn]:
    with SegmentStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def segment(stand_in: SegmentStandIn, settings: pytest.FixtureRequest) -> SegmentStandIn:
    """The Segment stand-in, empty and without faults, where this process delivers to."""
    stand_in.reset()
    settings.SEGMENT_HOST = stand_in.url  # type: ignore[attr-defined]
    return stand_in


@pytest.fixture(autouse=True)
def _calm_redis() -> None:
    """No wake-up or task of an earlier test, and no rest from a Redis that it broke."""
    import redis
    from django.conf import settings

    from customers import rate_limit
    from events import wake

    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    wake._resting_until = 0.0
    rate_limit._retry_at = 0.0


@pytest.fixture
def start_worker(
    transactional_db: None, segment: SegmentStandIn
) -> Iterator[Callable[..., Worker]]:
    """Starts real Celery workers on the test's database; they end with the test. `start_worker(concurrency=1, **environment)`."""
    workers: list[Worker] = []

    def start(concurrency: int = 1, **environment: str) -> Worker:
        worker = Worker(concurrency, {"SEGMENT_HOST": segment.url} | environment)
        workers.append(worker)
        worker.wait_until_ready()
        return worker

    yield start
    for worker in workers:
        worker.kill()


@pytest.fixture
def start_beat(transactional_db: None) -> Iterator[Callable[[], Beat]]:
    beats: list[Beat] = []

    def start() -> Beat:
        beats.append(Beat({}))
        return beats[-1]

    yield start
    for beat in beats:
        beat.kill()
