"""The processes that are measured: the receiver, workers, beat, and the peers' own. None outlives the bench."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import requests

from devtools.services.process import dying_with_us

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 20.0
MEASUREMENT_TIMEOUT_SECONDS = 180.0
"""Longer than any measurement takes; past it, something is lost and the bench ends instead of waiting for ever."""


def wait_until(
    condition: Callable[[], object],
    what: str,
    seconds: float = MEASUREMENT_TIMEOUT_SECONDS,
    every: float = 0.005,
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s in vain until {what}.")
        time.sleep(every)


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Program:
    """A Python module as a process group of its own; what it prints is in a file."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.name = " ".join(arguments)
        self.output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        self.process = subprocess.Popen(
            dying_with_us([sys.executable, "-m", *arguments], signal.SIGTERM),
            cwd=PROJECT,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def printed(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")

    def wait_for_output(self, text: str) -> None:
        def printed() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"{self.name} ended with {self.process.returncode}:\n{self.printed}"
                )
            return text in self.printed

        wait_until(printed, f"it printed {text!r}", START_SECONDS)

    def tell(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def cpu_seconds(self) -> float:
        """Used so far by the process and its children."""
        return sum(_cpu_seconds(pid) for pid in (self.process.pid, *self.children))

    @property
    def children(self) -> list[int]:
        return [
            int(pid)
            for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            .read_text()
            .split()
        ]

    def kill(self) -> None:
        """The whole group, at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        assert self.process.stdin
        self.process.stdin.close()
        self.output.close()


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    try:
        yield
    finally:
        for program in programs:
            program.kill()


class Worker(Program):
    """A real worker with its pool of processes ready; `app` is the Celery application."""

    def __init__(
        self, receiver_url: str, processes: int = 2, app: str = "smrt_integration"
    ) -> None:
        arguments = [
            "celery",
            "-A",
            app,
            "worker",
            "--concurrency",
            str(processes),
            "--loglevel",
            "INFO",
            "-n",
            f"{app}@bench",
        ]
        # it says at INFO that it is ready
        environment = {"SEGMENT_HOST": receiver_url, "LOG_LEVEL": "INFO"}
        super().__init__(
            *arguments, "--without-gossip", "--without-mingle", environment=environment
        )
        self.wait_for_output(" ready.")


class Beat(Program):
    def __init__(self) -> None:
        super().__init__("celery", "-A", "smrt_integration", "beat", "--pidfile=")


class Receiver(Program):
    """The lean receiver and what it counted."""

    def __init__(self) -> None:
        super().__init__("bench.receiver")
        self.wait_for_output("\n")
        self.url = self.printed.strip()
        self._http = requests.Session()
        self._http.trust_env = False

    def reset(self, delay: float = 0.0, keep_orders: bool = False) -> None:
        """Forget what was counted. `delay`: seconds before each answer; `keep_orders`: note when each order's event arrived."""
        self._get("/reset", delay=delay, keep_orders=int(keep_orders))

    def counts(self) -> dict[str, Any]:
        return self._get("/counts")

    def wait_for(self, tracks: int) -> dict[str, Any]:
        """The counts as soon as so many tracks have arrived."""
        return self._get("/wait", tracks=tracks)

    def _get(self, path: str, **numbers: float) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get(
            self.url + path, params=numbers, timeout=MEASUREMENT_TIMEOUT_SECONDS
        ).json()
        return found
