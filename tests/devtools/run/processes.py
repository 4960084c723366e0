"""Processes under test: what they print, when they end, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

WAIT_SECONDS = 30
LAST_LINES = 60
"""Lines of output in the report of a failed test."""

ProgramSpec = Sequence[object]
"""A step or program, as in tests/devtools/run/sample_run.py."""


def wait_until(condition: Callable[[], bool], description: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"timed out waiting for {description}"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Return whether the process runs. A zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class WatchedProcess:
    """A process whose output is kept line by line."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str | None]) -> None:
        """`environment`: changes to ours; None removes a variable."""
        merged = {
            name: value
            for name, value in {**os.environ, **environment}.items()
            if value is not None
        }
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command,
            env=merged,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str) -> str:
        """Wait for a line that contains `text`, and return the first."""

        def has_line() -> bool:
            return any(text in line for line in self.lines) or not self._reader.is_alive()

        try:
            wait_until(has_line, text)
        except AssertionError as error:
            error.add_note("It printed:\n" + "\n".join(self.lines[-LAST_LINES:]))
            raise
        matching = [line for line in self.lines if text in line]
        assert matching, f"ended without saying {text!r}:\n" + "\n".join(self.lines)
        return matching[0]

    def number_after(self, text: str) -> int:
        return int(self.wait_for(text).split(text)[1].split()[0])

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_for_end(self) -> int:
        code = self.process.wait(WAIT_SECONDS)
        self._reader.join(WAIT_SECONDS)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.wait_for_end()
        finally:
            # One that does not end would slow down all later tests.
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))


def start_sample_run(
    folder: Path,
    programs: Sequence[ProgramSpec],
    steps: Sequence[ProgramSpec] = (),
    **environment: str | None,
) -> WatchedProcess:
    parts = json.dumps({"steps": steps, "programs": programs})
    return WatchedProcess(
        [sys.executable, "-m", "tests.devtools.run.sample_run", str(folder), parts],
        {"MAKELEVEL": None, **environment},
    )
