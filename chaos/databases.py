"""The database of a run: on a server of its own, or a copy on a server that runs already."""

import secrets
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from devtools.services.postgres import PostgresServer


class Database(Protocol):
    """`server` is what faults may break, None where others use it, too."""

    server: PostgresServer | None

    @property
    def url(self) -> str: ...

    @property
    def is_migrated(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class OwnServer:
    """An empty database on a new server in `folder`."""

    is_migrated = False

    def __init__(self, folder: Path) -> None:
        self.server: PostgresServer | None = PostgresServer(folder)

    @property
    def url(self) -> str:
        assert self.server
        return self.server.url

    def start(self) -> None:
        assert self.server
        self.server.start()

    def stop(self) -> None:
        assert self.server
        self.server.kill()


class CopiedDatabase:
    """A copy of a migrated database, to which nobody may be connected meanwhile."""

    server: PostgresServer | None = None
    is_migrated = True

    def __init__(self, template_url: str) -> None:
        parts = urlsplit(template_url)
        self._template = parts.path.removeprefix("/")
        self._name = f"smrt_chaos_{secrets.token_hex(4)}"
        self._maintenance_url = parts._replace(path="/postgres").geturl()
        self.url = parts._replace(path=f"/{self._name}").geturl()

    def start(self) -> None:
        self._execute("CREATE DATABASE {} TEMPLATE {}", self._name, self._template)

    def stop(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._name)

    def _execute(self, statement: str, *names: str) -> None:
        identifiers = map(sql.Identifier, names)
        with psycopg.connect(self._maintenance_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*identifiers))
