"""Real servers for every test: PostgreSQL, Redis and the Segment stand-in.

PostgreSQL and Redis are started, unless the environment names running ones.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from pytest_django import DjangoDbBlocker
from redis import Redis

from devtools.services.command import provide_services

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("LOG_LEVEL", "WARNING")
provide_services()
# Each process of pytest-xdist has its own PostgreSQL database; here it gets a Redis database, too.
# They are taken from the last, 15, downwards, because the benchmark takes the first empty one.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if PROCESS:
    own_url = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{16 - PROCESS}").geturl()
    os.environ["REDIS_URL"] = os.environ["CELERY_BROKER_URL"] = own_url
# Workers and the web server that a test starts share it with the test.
EXPORTS = TemporaryDirectory(prefix="exports-")
os.environ["EXPORTS_FOLDER"] = f"{EXPORTS.name}/folder"
os.environ["IMPORTS_FOLDER"] = f"{EXPORTS.name}/imports"
os.environ["DJANGO_SETTINGS_MODULE"] = "smrt_integration.settings"

import django  # noqa: E402

# Test modules need it at import. pytest-django does not set up Django again.
django.setup()

from django.conf import settings as ours  # noqa: E402 - needs DJANGO_SETTINGS_MODULE
from django.db import connection  # noqa: E402 - needs the settings
from django.template import Context, Template  # noqa: E402 - needs the settings
from django.test import TransactionTestCase  # noqa: E402 - needs the settings
from django.test.signals import template_rendered  # noqa: E402 - needs the settings

from customers.outages import Outage  # noqa: E402 - needs the settings
from tests import databases  # noqa: E402 - imports Django
from tests.empty_tables import Tables  # noqa: E402 - imports Django
from tests.segment import SegmentStandIn  # noqa: E402 - imports Django
from tests.workers import Beat, Worker  # noqa: E402

ours.PASSWORD_HASHERS = ["tests.quick_hasher.QuickHasher"]


def pytest_configure(config: pytest.Config) -> None:
    """Hide the settings from the processes of pytest-xdist.

    They inherit the environment, and would load the settings before they choose a Redis database.
    """
    if config.getoption("numprocesses", None):
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules and tests, and let it look less often.

    It took a tenth of the tests' time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _keep_contexts_of_pages_only(django_test_environment: None) -> Iterator[None]:
    """Let Django's test client keep the context of a page, but not those of its included parts.

    A page of the admin includes a hundred, and to copy their contexts takes a tenth of its time.
    """

    def render(template: Template, context: Context) -> str:
        if template is context.template:
            template_rendered.send(sender=template, template=template, context=context)
        return str(template.nodelist.render(context))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


WRITE_KEY = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture(scope="session")
def django_db_keepdb(
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[bool]:
    """Copy the migrated database if several processes run the tests. Returns whether they do."""
    if databases.RUN:
        with django_db_blocker.unblock():
            databases.copy_migrated_database(tmp_path_factory.getbasetemp().parent)
    yield bool(databases.RUN)
    if databases.RUN:
        with django_db_blocker.unblock():
            connection.close()
            databases.drop(str(connection.settings_dict["NAME"]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Drop the migrated database, when the processes of the run have ended."""
    if run := getattr(session.config.pluginmanager.get_plugin("dsession"), "nodemanager", None):
        databases.drop(databases.migrated_name(run.testrunuid))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Create the test database, and empty its tables fast after tests that commit."""
    with django_db_blocker.unblock():
        tables = Tables()
    truncate_all = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def empty_tables(test_case: TransactionTestCase) -> None:
        tables.empty(partial(truncate_all, test_case))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


@pytest.fixture(scope="session")
def stand_in() -> Iterator[SegmentStandIn]:
    with SegmentStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def segment(stand_in: SegmentStandIn, settings: pytest.FixtureRequest) -> SegmentStandIn:
    """The Segment stand-in without messages and faults. This process delivers to it."""
    stand_in.reset()
    settings.SEGMENT_HOST = stand_in.url  # type: ignore[attr-defined]
    return stand_in


@cache
def _redis(url: str) -> Redis:
    """Return a client that keeps its connection; to connect takes longer than to empty it."""
    return Redis.from_url(url)


@cache
def _outages(_modules: int) -> list[Outage]:
    """Return the outages that our modules keep, searched once for a number of modules."""
    packages = ("customers.", "events.", "smrt_integration.")
    # A copy is one step. A list of the items is not: the garbage that is collected meanwhile may
    # import a module.
    return [
        value
        for name, module in sys.modules.copy().items()
        if name.startswith(packages)
        for value in list(vars(module).values())
        if isinstance(value, Outage)
    ]


@pytest.fixture(autouse=True)
def _forget_outages() -> None:
    """Begin without an outage that an earlier test of this process left, or logged lately."""
    for outage in _outages(len(sys.modules)):
        outage._since, outage._is_logged, outage._failures = None, False, 0
        outage._lines.clear()


@pytest.fixture(autouse=True)
def _suspect_no_business() -> None:
    """Begin without the businesses that were off in earlier tests of this process."""
    from events.outbox import switched_off

    switched_off._suspected.clear()


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """Delete the tasks and wake-ups of earlier tests, and forget that Redis was away."""
    from customers import rate_limit
    from events import wake

    assert wake.wake_thread.finish(10)
    _redis(ours.REDIS_URL).flushdb()
    wake._paused_until = 0.0
    rate_limit._retry_at = 0.0


@pytest.fixture
def start_worker(
    transactional_db: None, segment: SegmentStandIn
) -> Iterator[Callable[..., Worker]]:
    """A function that starts a Celery worker on the test database; it ends with the test.

    Call it as `start_worker(concurrency=1, **environment)`.
    """
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
    """A function that starts beat on the test database; it ends with the test."""
    beats: list[Beat] = []

    def start() -> Beat:
        beats.append(Beat({}))
        return beats[-1]

    yield start
    for beat in beats:
        beat.kill()
