"""`.dev/`: the data of `make run`, its secrets and the environment of its running programs."""

import base64
import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devtools.run.errors import RunError
from devtools.services.folders import restrict_access

# A run that is stopping needs some seconds. One that starts in the meantime waits for it.
LOCK_TIMEOUT_SECONDS = 20
STOPPING = "stopping"


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(exist_ok=True)
            restrict_access(path)
            (path / "lock").touch(mode=0o600)
        except OSError as error:
            raise RunError(
                f"{path} cannot be used ({error.strerror}). It may belong to another account."
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the only run. The system releases it however the process ends.

        Raises RunError if another run holds it.
        """
        with (self.path / "lock").open("r+") as lock:
            deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
            while not _try_lock(lock.fileno()):
                if (self.path / "lock").read_text() != STOPPING or time.monotonic() > deadline:
                    raise RunError(
                        "`make run` is already running in this folder. "
                        "Stop it with Ctrl-C in its terminal first."
                    )
                time.sleep(0.1)
            self._write_state("running")
            yield

    def note_stopping(self) -> None:
        self._write_state(STOPPING)

    def secrets(self) -> dict[str, str]:
        """Return the secrets, created at the first run: encrypted data needs the same keys."""
        path = self.path / "secrets"
        if not path.exists():
            field_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            write_private_file(
                path,
                {
                    "SECRET_KEY": secrets.token_urlsafe(50),
                    "FIELD_KEYS": field_key,
                    "SMRT_RUN": secrets.token_hex(16),
                },
            )
        return dict(line.split("=", 1) for line in path.read_text().splitlines())

    @contextmanager
    def shared_environment(self, environment: Mapping[str, str]) -> Iterator[None]:
        """Keep the environment in a file, so that `manage.py` in another terminal can use it."""
        path = self.path / "environment"
        write_private_file(path, environment)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def _write_state(self, state: str) -> None:
        (self.path / "lock").write_text(state)


def write_private_file(path: Path, lines: Mapping[str, str]) -> None:
    """Write `NAME=VALUE` lines that only this account can read, replacing the file atomically."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in lines.items())
    unfinished.replace(path)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
