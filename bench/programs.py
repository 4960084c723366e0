"""Start and stop the processes that are measured; they end with the benchmark."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import requests

from devtools.services.process import ending_with_parent

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
"""A worker is ready within 3 s on an idle machine."""
STOP_SECONDS = 20.0
"""A killed process ends at once; only a hanging disk could delay it."""
MEASUREMENT_TIMEOUT_SECONDS = 180.0
"""Longer than any measurement takes. Past it, an event is lost and the benchmark fails."""


def wait_until(
    condition: Callable[[], object],
    description: str,
    seconds: float = MEASUREMENT_TIMEOUT_SECONDS,
    every: float = 0.005,
) -> None:
    """Return when the condition is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Timed out after {seconds:g} s, waiting until {description}.")
        time.sleep(every)


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Program:
    """A Python module that runs in its own process group, with its output in a file."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.name = " ".join(arguments)
        self.output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        self.process = subprocess.Popen(
            ending_with_parent([sys.executable, "-m", *arguments], signal.SIGTERM),
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
        """Return when it has printed the text. Raises RuntimeError if it ended before."""

        def has_printed() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"{self.name} ended with {self.process.returncode}:\n{self.printed}"
                )
            return text in self.printed

        wait_until(has_printed, f"{self.name} prints {text!r}", START_SECONDS)

    def write_input(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process and its children have used."""
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
        """Kill the whole process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        assert self.process.stdin
        self.process.stdin.close()
        self.output.close()


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    """Kill the programs at the end of the block."""
    try:
        yield
    finally:
        for program in programs:
            program.kill()


class Worker(Program):
    """A worker whose processes are ready. `app` is the module of the Celery application."""

    def __init__(
        self,
        receiver_url: str,
        processes: int = 2,
        app: str = "smrt_integration",
        environment: Mapping[str, str] | None = None,
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
        # At INFO, a worker logs that it is ready.
        own = {"SEGMENT_HOST": receiver_url, "LOG_LEVEL": "INFO"}
        super().__init__(
            *arguments,
            "--without-gossip",
            "--without-mingle",
            environment=own | dict(environment or {}),
        )
        self.wait_for_output(" ready.")


class Beat(Program):
    """The scheduler."""

    def __init__(self) -> None:
        super().__init__("celery", "-A", "smrt_integration", "beat", "--pidfile=")


class Receiver(Program):
    """The receiver of `bench.receiver`, and a client for its counts."""

    def __init__(self) -> None:
        super().__init__("bench.receiver")
        self.wait_for_output("\n")
        self.url = self.printed.strip()
        self._http = requests.Session()
        self._http.trust_env = False

    def reset(self, delay: float = 0.0, keep_orders: bool = False) -> None:
        """Start new counts. `delay`: seconds before each response.

        `keep_orders`: record when the first event of each order arrives.
        """
        self._get("/reset", delay=delay, keep_orders=int(keep_orders))

    def counts(self) -> dict[str, Any]:
        return self._get("/counts")

    def wait_for(self, tracks: int) -> dict[str, Any]:
        """Return the counts as soon as so many tracks have arrived."""
        return self._get("/wait", tracks=tracks)

    def wait_for_orders(self, numbers: Collection[str]) -> dict[str, float]:
        """Return when the first event of each order arrived, once those of all these have."""
        arrivals: dict[str, float] = {}

        def have_arrived() -> bool:
            arrivals.update(self.counts()["arrivals"])
            return arrivals.keys() >= set(numbers)

        wait_until(have_arrived, "all orders have arrived", every=0.5)
        return arrivals

    def _get(self, path: str, **numbers: float) -> dict[str, Any]:
        counts: dict[str, Any] = self._http.get(
            self.url + path, params=numbers, timeout=MEASUREMENT_TIMEOUT_SECONDS
        ).json()
        return counts
