"""The system under test, with everything that a fault may break: servers, programs, stand-in."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import redis
from cryptography.fernet import Fernet

from chaos.databases import CopiedDatabase, Database, OwnServer
from chaos.journal import install
from chaos.programs import PROJECT, ManagedProgram
from chaos.receiver import Receiver
from devtools.run.leftovers import MARK, end_leftovers
from devtools.services.folders import TemporaryFolder
from devtools.services.ports import free_port
from devtools.services.redis import RedisServer

START_SECONDS: Final = 120.0
"""Programs are ready within some seconds, but others may use the machine, too."""
SEGMENT_TIMEOUT: Final = 2
"""Short, so that many time-outs happen in a run. An installation has 10 seconds."""
KEPT_VARIABLES: Final = ("HOME", "LANG", "PATH", "TMPDIR")
SHARE_OF_API: Final = 0.3
"""Of all actions. A call costs several times what a method does."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each there is. `rate` is in actions a second, of all writers together."""

    businesses: int = 6
    workers: int = 2
    children: int = 2
    beats: int = 2
    web_children: int = 2
    model_writers: int = 2
    rate: float = 16.0


class Cluster:
    """A PostgreSQL, a Redis, a stand-in, and the programs of an installation on them.

    Start it from a thread that lasts as long: the servers end with the thread.
    """

    def __init__(self, folder: Path, database: Database, size: Size, seed: int) -> None:
        self.folder = folder
        self.database = database
        self.redis = RedisServer(folder / "redis")
        self._size, self._seed = size, seed
        self.businesses: list[dict[str, Any]] = []
        self.programs: dict[str, ManagedProgram] = {}
        self._mark = secrets.token_hex(16)

    def start(self) -> None:
        """Start everything but the writers. Returns when it is ready."""
        self.database.start()
        self.redis.start()
        self.web_url = f"http://127.0.0.1:{free_port()}"
        segment_url = f"http://127.0.0.1:{free_port()}"
        self.receiver = Receiver(segment_url)
        self._environment = self._installation(segment_url)
        self._add("segment", "devtools.segment_stub", "--port", segment_url.rpartition(":")[2])
        self.programs["segment"].start()
        if not self.database.is_migrated:
            self.run("manage.py", "migrate", "--no-input", "--verbosity", "0")
        install(self.database.url)
        businesses = self.run("-m", "chaos.businesses", str(self._size.businesses))
        self.businesses = json.loads(businesses)
        self._environment["CHAOS_BUSINESSES"] = json.dumps(self.businesses)
        self._add_programs()
        for name, program in self.programs.items():
            if not name.startswith(("segment", "writer")):
                program.start()
        self.wait_until(self.receiver.is_ready, "the stand-in answers")
        self.wait_until(self.is_ready, "the programs are ready")

    def start_writers(self) -> None:
        """Start the writers. Returns when each has done something."""
        writers = self.of("writer")
        for writer in writers:
            writer.start()
        self.wait_until(lambda: all(writer.printed for writer in writers), "the writers act")

    def of(self, resource: str) -> list[ManagedProgram]:
        """Return the programs of a kind: worker, beat, web or writer."""
        return [p for name, p in self.programs.items() if name.startswith(resource)]

    def is_ready(self) -> bool:
        """Return whether the workers and the web server have started, as often as they were."""
        return all(
            worker.printed.count(" ready.") >= worker.starts for worker in self.of("worker")
        ) and all("Booting worker" in web.printed for web in self.of("web"))

    def wait_until(self, condition: Callable[[], object], description: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            for program in self.programs.values():
                if program.starts and not program.is_running:
                    raise RuntimeError(
                        f"{program.name} ended with {program.exit_code} while we waited until "
                        f"{description}:\n{program.printed[-3000:]}"
                    )
            if time.monotonic() > deadline:
                raise RuntimeError(f"Timed out, waiting until {description}.")
            time.sleep(0.05)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.database.url, autocommit=True, connect_timeout=5)

    def redis_client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.redis.url, socket_timeout=10, socket_connect_timeout=10)

    def stop(self) -> None:
        for program in reversed(self.programs.values()):
            program.stop(0.0)
        end_leftovers(self._mark)
        self.redis.kill()
        self.database.stop()

    def _installation(self, segment_url: str) -> dict[str, str]:
        """Return the environment of an installation, as an operator sets it.

        Nothing else of ours is in it: the run must reach no real mail server and no real Twilio.
        """
        return {
            **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
            "DEBUG": "0",
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.redis.url,
            "CELERY_BROKER_URL": self.redis.url,
            "SECRET_KEY": secrets.token_hex(32),
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "PUBLIC_URL": self.web_url,
            "SEGMENT_HOST": segment_url,
            "SEGMENT_TIMEOUT": str(SEGMENT_TIMEOUT),
            "API_CALLS_PER_MINUTE": "1000000",
            "LOG_LEVEL": "INFO",
            "WEB_CONCURRENCY": str(self._size.web_children),
            "DJANGO_SETTINGS_MODULE": "smrt_integration.settings",
            "PYTHONUNBUFFERED": "1",
            MARK: self._mark,
        }

    def _add(self, name: str, *arguments: str) -> None:
        self.programs[name] = ManagedProgram(name, arguments, self.folder, self._environment)

    def _add_programs(self) -> None:
        self._add("web", "gunicorn", "smrt_integration.wsgi", "--bind", self.web_url[7:])
        celery = ("celery", "--app", "smrt_integration")
        children = str(self._size.children)
        for number in range(1, self._size.workers + 1):
            host = f"worker{number}@{self._mark[:8]}"
            options = ("--concurrency", children, "--loglevel", "INFO", "--hostname", host)
            self._add(f"worker{number}", *celery, "worker", *options)
        for number in range(1, self._size.beats + 1):
            self._add(f"beat{number}", *celery, "beat", "--pidfile=", "--loglevel", "INFO")
        self._add_writer(0, SHARE_OF_API, "--api", self.web_url)
        for number in range(1, self._size.model_writers + 1):
            self._add_writer(number, (1 - SHARE_OF_API) / self._size.model_writers)

    def _add_writer(self, number: int, share: float, *api: str) -> None:
        seed, rate = str(self._seed * 10 + number), str(self._size.rate * share)
        name = "writer_api" if api else f"writer{number}"
        self._add(name, "chaos.writer", "--seed", seed, "--rate", rate, *api)

    def run(self, *arguments: str) -> str:
        """Run a Python program to its end. Returns what it printed."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{ended.stdout}\n{ended.stderr}")
        return ended.stdout


@contextmanager
def running_cluster(seed: int, size: Size, template_url: str = "") -> Iterator[Cluster]:
    """Start a cluster in a folder of its own, and leave nothing behind.

    Its database is on a server of its own, or with `template_url` a copy of that database.
    """
    with ExitStack() as stack:
        folder = TemporaryFolder()
        stack.callback(folder.remove)
        database: Database = (
            CopiedDatabase(template_url) if template_url else OwnServer(folder.path / "postgres")
        )
        cluster = Cluster(folder.path, database, size, seed)
        stack.callback(cluster.stop)
        cluster.start()
        yield cluster
