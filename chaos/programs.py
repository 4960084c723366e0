"""A program of the system under test, which a fault may kill, freeze and start again."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from devtools.services.process import ending_with_parent

PROJECT: Final = Path(__file__).resolve().parent.parent
STOP_SECONDS: Final = 15.0
"""A worker that waits for Segment ends within its time-out and some seconds."""
GROWN_UP_SECONDS: Final = 2.0
"""A child of this age has started. A worker whose children are killed while they start may end."""
STARTS: Final = "CHAOS_STARTS"
"""The variable that tells a program how often it was started before."""
CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK")


class ManagedProgram:
    """A Python module in its own process group. Its output is appended to a file in `folder`.

    `ended_by_us` says that a fault or the end of the run has ended it.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.ended_by_us = True
        self.is_frozen = False
        self.starts = 0
        self.child_killed_at = -math.inf
        self._arguments = arguments
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start it. `extra`: further variables, for this time only."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ending_with_parent([sys.executable, "-m", *self._arguments], signal.SIGTERM),
                cwd=PROJECT,
                env={**self._environment, STARTS: str(self.starts), **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.ended_by_us = self.is_frozen = False
        self.starts += 1

    @property
    def pid(self) -> int:
        assert self._process, f"{self.name} has not been started"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else 0

    @property
    def is_running(self) -> bool:
        return self.exit_code is None

    @property
    def printed(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def children(self) -> list[int]:
        """Return the children that have started, oldest first."""
        if not self.is_running:
            return []
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except OSError:
            return []
        return [pid for pid in map(int, text.split()) if _age(pid) > GROWN_UP_SECONDS]

    def kill(self) -> None:
        """Kill the process and all its children at once, as the end of a machine does."""
        self.ended_by_us = True
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._wait()

    def kill_child(self, child: int) -> None:
        self.child_killed_at = time.monotonic()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    def kill_main(self) -> None:
        """Kill the process and leave its children, as the kernel does when memory runs out."""
        self.ended_by_us = True
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._wait()

    def freeze(self) -> None:
        self.is_frozen = True
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        self.is_frozen = False
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """Send SIGTERM, as a deploy does."""
        self.ended_by_us = True
        if self.is_running:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Stop it, and kill what is left. Returns whether it ended by itself in time."""
        if self._process is None:
            return True
        self.thaw()
        self.ask_to_stop()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return True

    def _wait(self) -> None:
        if self._process:
            self._process.wait(STOP_SECONDS)


def _age(pid: int) -> float:
    """Return the seconds since the process was started, 0 if it is gone."""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(started) / CLOCK_TICKS
