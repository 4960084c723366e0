"""The programs that a killed run left behind, known by a random mark in their environment: no other program can have it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "SMRT_RUN"
# They were told to end when their run was killed; what is still there after this is stuck.
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
            continue  # it ended meanwhile, or belongs to somebody else


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
