"""Programs that a killed run left behind, found by a random mark in their environment."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "SMRT_RUN"
# They got a signal when their run was killed. A program that still runs after this is stuck.
GRACE_SECONDS = 3
POLL_SECONDS = 0.05


def end_leftovers(mark: str) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while leftovers := list(_marked(mark)):
        if time.monotonic() > deadline:
            _kill(leftovers)
        time.sleep(POLL_SECONDS)


def _marked(mark: str) -> Iterator[int]:
    entry = f"{MARK}={mark}".encode()
    for process in Path("/proc").iterdir():
        try:
            if (
                process.name.isdigit()
                and int(process.name) != os.getpid()
                and entry in (process / "environ").read_bytes().split(b"\0")
            ):
                yield int(process.name)
        except OSError:
            continue  # it ended in the meantime, or belongs to another account


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
