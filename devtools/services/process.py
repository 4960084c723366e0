"""Servers and commands that end with the process that started them, and a search for leftovers."""

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LAUNCH = str(Path(__file__).with_name("launch.py"))
# A server that takes longer to start or stop is stuck: crash recovery takes a few seconds here.
START_SECONDS = 60
STOP_SECONDS = 20
POLL_SECONDS = 0.005
# How long a durable server may take to shut down after its parent's death.
GRACE_SECONDS = 5


class ServerError(Exception):
    """A server does not start: one sentence, and below it the end of its log."""


@dataclass(frozen=True)
class Account:
    """The account of a server started by root. With `reach` it may pass through closed folders."""

    uid: int
    gid: int
    reach: bool = False

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)


def ending_with_parent(
    command: Sequence[str], parent_death_signal: signal.Signals, account: Account | None = None
) -> list[str]:
    """Return a command line that runs `command` and ends it with the thread that starts it.

    `parent_death_signal` is the signal that it gets then.
    """
    owner = f"{account.uid}:{account.gid}" if account else "-"
    reach = "reach" if account and account.reach else "-"
    return [
        sys.executable,
        "-I",
        "-S",
        LAUNCH,
        str(int(parent_death_signal)),
        str(os.getpid()),
        owner,
        reach,
        *command,
    ]


class Server(ABC):
    """A server process, in a session of its own: Ctrl-C at the terminal does not reach it."""

    name: str
    stop_signal = signal.SIGTERM
    parent_death_signal = signal.SIGKILL

    def __init__(self, folder: Path) -> None:
        """`folder` has everything that the server writes; the same folder means the same data."""
        self.folder = folder
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises ServerError."""
        try:
            self._start()
        except OSError as error:
            raise ServerError(
                f"{self.name} does not start: {error.strerror or error}: {error.filename}."
            ) from error

    @abstractmethod
    def _start(self) -> None: ...

    @property
    @abstractmethod
    def url(self) -> str:
        """The address with the password, known after `start`."""

    @property
    def pid(self) -> int:
        assert self._process, f"{self.name} has not been started"
        return self._process.pid

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self, command: Sequence[str], cwd: Path, account: Account | None = None) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ending_with_parent(command, self.parent_death_signal, account),
                cwd=cwd,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if not self.running() or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"{self.name} does not start.\n{last_lines(self.log)}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Shut it down in order and wait for that. Does nothing if it is not running."""
        if self._process and self.running():
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it like `kill -9` or a power cut."""
        if self._process and self.running():
            self._process.kill()
            self._process.wait()


def clean_environment() -> Mapping[str, str]:
    """Return our environment without variables that affect a server or client (PGDATA, TZ...)."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "TZ", "LC_"))
    }


def last_lines(log: Path | IO[str], count: int = 8) -> str:
    lines = (
        log.read_text(errors="replace").splitlines() if isinstance(log, Path) else log.readlines()
    )
    return "\n".join(f"    {line}" for line in lines[-count:])


def pids_working_in(folder: Path, names: Sequence[str]) -> Iterator[int]:
    """Yield the ids of processes with one of `names` that work in `folder` or below it."""
    top = os.path.realpath(folder).rstrip(os.sep)
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text().strip() in names:
                cwd = str((entry / "cwd").readlink()).removesuffix(" (deleted)")
                if cwd == top or cwd.startswith(top + os.sep):
                    yield int(entry.name)
        except OSError:
            continue  # it ended in the meantime, or belongs to another account


def end_leftovers(folder: Path, names: Sequence[str], grace: float = 0) -> None:
    """End servers in `folder` whose parent has ended. `grace`: seconds to end by themselves."""
    deadline = time.monotonic() + grace
    while leftovers := list(pids_working_in(folder, names)):
        for pid in leftovers if time.monotonic() > deadline else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(POLL_SECONDS)
