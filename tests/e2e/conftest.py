"""Servers and programs that a test may break."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from devtools.services.folders import TemporaryFolder
from devtools.services.postgres import PostgresServer
from devtools.services.redis import RedisServer
from events import wake
from tests import databases
from tests.workers import Beat


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that the servers can use and other accounts cannot."""
    folder = TemporaryFolder()
    yield folder.path
    folder.remove()


@pytest.fixture(scope="package")
def migrated() -> Iterator[Path]:
    """The folder of a stopped PostgreSQL server with our tables, to copy."""
    folder = TemporaryFolder()
    server = PostgresServer(folder.path / "postgres")
    server.start()
    databases.create_tables(server.url)
    server.stop()
    yield server.folder
    folder.remove()


@pytest.fixture
def own_postgres(folder: Path, migrated: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL server with our tables, for the test to break."""
    # with the owner of the data, who is not root
    subprocess.run(["cp", "-a", migrated, folder / "postgres"], check=True)
    server = PostgresServer(folder / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisServer]:
    """A Redis server for the test to break. Wake-ups of this process go through it."""
    server = RedisServer(folder / "redis")
    server.start()
    # Celery prefers the variable to the setting, and it is set in some of the test processes.
    monkeypatch.setenv("CELERY_BROKER_URL", server.url)
    settings.REDIS_URL = settings.CELERY_BROKER_URL = server.url
    _forget_connections()
    yield server
    server.stop()
    _forget_connections()


def _forget_connections() -> None:
    assert wake.wake_thread.finish(10)
    wake._redis.cache_clear()
    wake._producers.cache_clear()
    wake._paused_until = 0.0


@pytest.fixture
def start_beat_with(transactional_db: None) -> Iterator[Callable[..., Beat]]:
    """A function that starts beat: `start_beat_with(**environment)`. It ends with the test."""
    beats: list[Beat] = []

    def start(**environment: str) -> Beat:
        beats.append(Beat(environment))
        return beats[-1]

    yield start
    for beat in beats:
        beat.kill()
