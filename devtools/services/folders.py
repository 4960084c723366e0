"""Temporary folders that no other account can enter. Each new one removes abandoned ones."""

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

# The group of servers started by root. No account is in it, so only they can enter a folder of
# this group, although other programs may use their account (`nobody`), too.
SERVER_GROUP = 60_423
SERVERS = ("postgres", "redis-server")


class TemporaryFolder:
    """A folder with a lock, which the system releases even after `kill -9` of its owner."""

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
        entry = base.lstat()
        if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != os.geteuid():
            return Path(tempfile.mkdtemp())  # another account has a file of this name
    restrict_access(base)
    return base


@contextmanager
def _locked(base: Path) -> Iterator[None]:
    """Hold the lock of all folders: one that is created but not yet locked looks abandoned."""
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
            pass  # its owner was killed before it created the lock
        end_leftovers(folder, SERVERS)
        shutil.rmtree(folder, ignore_errors=True)
