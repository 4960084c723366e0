"""Start our programs in forks of a process that has loaded the libraries, but nothing of ours.

To load modules takes nearly all of a program's start, and the tests start hundreds of programs. Our
own modules read the settings, so each program loads them itself; but workers and beats that are
started with the same variables again are forks of a process that has loaded the project with these.

Both processes read one order in JSON a line, and print a number for each.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, Final, NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
OURS: Final = ("smrt_integration", "customers", "events", "devtools")
LIBRARIES: Final = (
    "babel.dates",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.fixups.django",
    "celery.worker.consumer",
    "cryptography.fernet",
    "django.contrib.admin.sites",
    "django.contrib.admin.views.main",
    "django.contrib.postgres.indexes",
    "django.core.cache.backends.redis",
    "django.core.handlers.wsgi",
    "django.core.mail",
    "django.core.management.commands.check",
    "django.core.paginator",
    "django.db.backends.postgresql.base",
    "django.db.migrations.executor",
    "django.db.models",
    "django.forms",
    "django.http",
    "django.middleware.csrf",
    "django.template.backends.django",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.test.client",
    "django.urls",
    "django.views.debug",
    "django.views.generic",
    "django_filters",
    "django_structlog.middlewares",
    "environ",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "jsonschema",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "orjson",
    "phonenumbers",
    "psycopg.types.json",
    "redis",
    "redis.asyncio",
    "requests",
    "rest_framework.settings",
    "rich.traceback",
    "segment.analytics.client",
    "structlog.dev",
    "structlog.stdlib",
    "twilio.base.exceptions",
    "twilio.request_validator",
    "twilio.rest",
    "uritemplate",
    "whitenoise.middleware",
    "zstandard",
)
"""Libraries that need no settings. A program loads what is missing here itself."""
CELERY: Final = "celery"
WITH_PROJECT: Final = "--with-project"
READ_AT_START: Final = ("LD_", "MALLOC_", "PYTHON")
"""Beginnings of variables that Python or the operating system read before the first module."""


class Ended(NamedTuple):
    code: int
    output: str
    error: str


class ForkedProgram:
    """A program in a process group of its own, with the methods of `subprocess.Popen`."""

    def __init__(self, forks: "Forks", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forks = forks
        self._end = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _wait(self, timeout: float | None) -> int | None:
        """Return the exit code, or None if the program has not ended after `timeout` seconds."""
        if self.returncode is None and select.select([self._end], [], [], timeout)[0]:
            self.returncode = self._forks.exit_code(self.pid)
            os.close(self._end)
        return self.returncode


class Forks:
    """A process that forks programs, and ends with the tests' process.

    With `environment`, it has loaded the project with these variables.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._lock = Lock()
        # A file, as if a terminal were there, the project would print in colors.
        self._errors = TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *([WITH_PROJECT] if environment else [])],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], output: Path, error: Path
    ) -> ForkedProgram:
        """Start what follows `python` on a command line, with only these variables."""
        order = {
            "command": list(command),
            "environment": dict(environment),
            "output": str(output),
            "error": str(error),
        }
        return ForkedProgram(self, self._ask(order))

    def run(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Ended:
        """Run a program to its end. The files with what it prints are in the folder."""
        output, error = folder / "output", folder / "error"
        code = self.start(command, environment, output, error).wait(60)
        return Ended(code, output.read_text(), error.read_text())

    def exit_code(self, pid: int) -> int:
        """Return the exit code of a program that has ended, as `subprocess` gives it."""
        return self._ask({"ended": pid})

    def _ask(self, order: Mapping[str, Any]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            print(json.dumps(order), file=self._process.stdin, flush=True)
            if answer := self._process.stdout.readline():
                return int(answer)
        self._errors.seek(0)
        raise RuntimeError(f"No program was started:\n{self._errors.read().decode()}")


@cache
def forks() -> Forks:
    """Return the process with the libraries."""
    return Forks()


class ForksWithProject:
    """The processes that have loaded the project, one for each environment that came twice."""

    def __init__(self) -> None:
        self._came: set[frozenset[tuple[str, str]]] = set()
        self._processes: dict[frozenset[tuple[str, str]], Forks] = {}

    def get(self, environment: Mapping[str, str]) -> Forks | None:
        """Return the process with these variables, or None if they come for the first time."""
        key = frozenset(environment.items())
        if key not in self._came:
            self._came.add(key)
            return None
        if key not in self._processes:
            self._processes[key] = Forks(environment)
        return self._processes[key]


with_project: Final = ForksWithProject()


def start_program(
    command: Sequence[str], environment: Mapping[str, str], output: Path
) -> "ForkedProgram | subprocess.Popen[bytes]":
    """Start what follows `python` on a command line, in a process group of its own."""
    environment = {k: v for k, v in environment.items() if k != "PYTEST_CURRENT_TEST"}
    if can_be_forked(environment):
        # Web servers have a new port each time.
        process = with_project.get(environment) if CELERY in command else None
        return (process or forks()).start(command, environment, output, output)
    with output.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def can_be_forked(environment: Mapping[str, str]) -> bool:
    """Return whether no variable differs that only a new interpreter would read."""
    return all(
        environment.get(name) == os.environ.get(name)
        for name in {*environment, *os.environ}
        if name.startswith(READ_AT_START)
    )


def load_libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    assert not any(name.split(".")[0] in OURS for name in sys.modules)


def load_project() -> None:
    """Load what `celery -A smrt_integration` loads, with the variables of this process."""
    import django
    from celery.app.utils import find_app

    find_app("smrt_integration")
    django.setup()


def main() -> None:
    load_libraries()
    if WITH_PROJECT in sys.argv:
        load_project()
    # The forks share the memory as long as nobody writes into it.
    gc.collect()
    gc.freeze()
    for order in orders():
        if pid := order.get("ended"):
            answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        elif (answer := os.fork()) == 0:
            become(**order)
            return
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def become(command: list[str], environment: dict[str, str], output: str, error: str) -> None:
    """Be the program, in a new fork."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((0, os.devnull), (1, output), (2, error)):
        flags = os.O_RDWR | os.O_CREAT | (os.O_APPEND if output == error else os.O_TRUNC)
        os.dup2(os.open(path, flags), number)
    os.closerange(3, 100)
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def orders() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


if __name__ == "__main__":
    main()
