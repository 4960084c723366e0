"""Throw-away folders that no other account can enter; what a killed owner left in one is cleaned up by the next that makes one."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from devtools.services.process import end_leftovers

# The group that servers started by root run in. Nobody else is in it, so a folder of this group is theirs alone, though their
# account (`nobody`) may serve other programs too.
SERVER_GROUP = 60_423
SERVERS = ("postgres", "redis-server")


class TemporaryFolder:
    """A folder that lives as long as this object's owner; held by a lock, which the system frees even on `kill -9`."""

    def __init__(self) -> None:
        base = _base()
        with _locked(base):
            _remove_abandoned(base)
            self.path = Path(tempfile.mkdtemp(dir=base))
            restrict_access(self.path)
            self._lock: IO[bytes] = (self.path / "lock").open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def restrict_access(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 0, SERVER_GROUP)
        folder.chmod(0o710)
    else:
        folder.chmod(0o700)


def _base() -> Path:
    base = Path(tempfile.gettempdir()) / f"smrt-{os.geteuid()}"
    try:
        base.mkdir(mode=0o700)
    except FileExistsError:
        found = base.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return Path(tempfile.mkdtemp())  # somebody else took the name
    restrict_access(base)
    return base


@contextmanager
def _locked(base: Path) -> Iterator[None]:
    """Between making a folder and locking it, nobody may take it for an abandoned one."""
    handle = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_abandoned(base: Path) -> None:
    for folder in base.iterdir():
        try:
            with (folder / "lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # its owner is alive
        except OSError:
            pass  # its owner was killed before the lock was made
        end_leftovers(folder, SERVERS)
        shutil.rmtree(folder, ignore_errors=True)
