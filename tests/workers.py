"""Real worker and beat processes, as an operator starts them, on the test's database."""

import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
LAST_LINES = 60
"""Of each program, in the report of a test that failed: a traceback with what it was chained to."""


def wait_until(condition: Callable[[], object], what: str, timeout: float = 20.0) -> None:
    """Wait until `condition` is true; fail with `what` was waited for."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {timeout:g} s in vain until {what}")
        time.sleep(0.02)


def test_database_url() -> str:
    """Where this process's tests keep their data: the configured server, but the test database."""
    from urllib.parse import urlsplit

    from django.db import connection

    return (
        urlsplit(os.environ["DATABASE_URL"])
        ._replace(path="/" + str(connection.settings_dict["NAME"]))
        .geturl()
    )


class Program:
    """A process group with its output in a file."""

    module: tuple[str, ...] = ("celery", "-A", "smrt_integration")
    """What Python runs, with its first arguments."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        handle, path = mkstemp(suffix=".log")
        self.output = Path(path)
        weakref.finalize(self, self.output.unlink, missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.module, *arguments],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": test_database_url(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(handle)

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def wait_for_output(self, text: str) -> None:
        def printed() -> bool:
            assert self.process.poll() is None, (
                f"It ended with {self.process.returncode}:\n{self.printed}"
            )
            return text in self.printed

        wait_until(printed, f"it printed {text!r}", START_SECONDS)

    def stop(self) -> None:
        """In good order, as a deploy does."""
        self.process.terminate()
        self.process.wait(30)

    def kill(self) -> None:
        """kill -9, the parent and all its children at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


class Worker(Program):
    def __init__(self, concurrency: int, environment: Mapping[str, str]) -> None:
        arguments = [
            "worker",
            "--concurrency",
            str(concurrency),
            "--loglevel",
            "INFO",
            "--without-gossip",
            "--without-mingle",
        ]
        super().__init__(
            [*arguments, "--hostname", f"test{os.getpid()}-{id(self)}@%h"], environment
        )

    def wait_until_ready(self) -> None:
        self.wait_for_output(" ready.")


class Beat(Program):
    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(["beat", "--loglevel", "INFO", "--pidfile="], environment)


@contextmanager
def show_output_on_failure(*programs: Program) -> Iterator[None]:
    """A failure within shows how each of them fares and what it printed last."""
    try:
        yield
    except AssertionError as error:
        for program in programs:
            code = program.process.poll()
            state = "runs" if code is None else f"ended with {code}"
            said = "\n".join(program.printed.splitlines()[-LAST_LINES:])
            error.add_note(f"--- {type(program).__name__} {state}. It printed last:\n{said}")
        raise
