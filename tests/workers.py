"""Start real workers and beat on the test database, as an operator does."""

import os
import signal
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp

from tests.forked_programs import start_program

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
"""A worker is ready within 3 s on an idle machine."""
LAST_LINES = 60
"""Lines of output in the report of a failed test: enough for a traceback and its causes."""


def wait_until(condition: Callable[[], object], description: str, timeout: float = 20.0) -> None:
    """Return when the condition is true. Raises AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Timed out after {timeout:g} s, waiting until {description}")
        time.sleep(0.02)


def current_database_url() -> str:
    """Return the address of this process's test database on the configured server."""
    from urllib.parse import urlsplit

    from django.db import connection

    return (
        urlsplit(os.environ["DATABASE_URL"])
        ._replace(path="/" + str(connection.settings_dict["NAME"]))
        .geturl()
    )


class Program:
    """A Python module that runs in its own process group, with its output in a file."""

    module: tuple[str, ...] = ("celery", "-A", "smrt_integration")
    """The module, and its first arguments."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        handle, path = mkstemp(suffix=".log")
        self.output = Path(path)
        weakref.finalize(self, self.output.unlink, missing_ok=True)
        os.close(handle)
        self.process = start_program(
            ["-m", *self.module, *arguments],
            {**os.environ, "DATABASE_URL": current_database_url(), **environment},
            self.output,
        )

    @contextmanager
    def killed_on_failure(self) -> Iterator[None]:
        """Kill the program if the block fails, such as a wait for its start."""
        try:
            yield
        except BaseException:
            self.kill()
            raise

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def wait_for_output(self, text: str) -> None:
        """Return when the program has printed the text. Fails if it ends before."""

        def has_printed() -> bool:
            assert self.process.poll() is None, (
                f"It ended with {self.process.returncode}:\n{self.printed}"
            )
            return text in self.printed

        wait_until(has_printed, f"it prints {text!r}", START_SECONDS)

    def stop(self) -> None:
        """Send SIGTERM, as a deploy does, and wait for the end."""
        self.process.terminate()
        self.process.wait(30)

    def kill(self) -> None:
        """Kill the process and all its children at once, with SIGKILL."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


class Worker(Program):
    """A Celery worker."""

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
    """The scheduler."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(["beat", "--loglevel", "INFO", "--pidfile="], environment)


@contextmanager
def show_output_on_failure(*programs: Program) -> Iterator[None]:
    """Add the state and the last output of each program to a failure in the block."""
    try:
        yield
    except AssertionError as error:
        for program in programs:
            code = program.process.poll()
            state = "is running" if code is None else f"ended with {code}"
            output = "\n".join(program.printed.splitlines()[-LAST_LINES:])
            error.add_note(f"--- {type(program).__name__} {state}. Its last output:\n{output}")
        raise
