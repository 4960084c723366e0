"""The test databases of several processes of tests: one migrates, and the others copy.

To migrate an empty database takes a process ten seconds, to copy one less than one.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from devtools.services.postgres import binary
from tests.forked_programs import PROJECT

RUN: Final = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
"""The run of tests that this process is one of several of, or an empty text."""


def migrated_name(run: str) -> str:
    """Return the name of the migrated database of a run of tests."""
    return f"smrt_migrated_{run[:12]}"


MIGRATED: Final = migrated_name(RUN)


def copy_migrated_database(shared_folder: Path) -> None:
    """Create this process's test database.

    `shared_folder` is one that all processes of the run have.
    """
    with locked(shared_folder / "migrated.lock"):
        if not exists(MIGRATED):
            execute("CREATE DATABASE {}", MIGRATED)
            migrate(MIGRATED)
    name = connection.settings_dict["TEST"]["NAME"]
    drop(name)
    execute("CREATE DATABASE {} TEMPLATE {}", name, MIGRATED)


def migrate(name: str) -> None:
    """Migrate this database. The connection is closed, as a database in use cannot be copied."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def create_tables(url: str) -> None:
    """Create our tables in the empty database of another server."""
    if not RUN:
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        environment = {**os.environ, "DATABASE_URL": url}
        subprocess.run(migrate, cwd=PROJECT, env=environment, check=True, timeout=120)
        return
    migrated = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{MIGRATED}").geturl()
    dumped = subprocess.run([binary("pg_dump"), migrated], capture_output=True, check=True)
    command = [binary("psql"), "--quiet", "--set=ON_ERROR_STOP=1", url]
    subprocess.run(command, input=dumped.stdout, stdout=subprocess.DEVNULL, check=True)


def drop(name: str) -> None:
    execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def exists(name: str) -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"]) as server:
        found = server.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def execute(statement: str, *names: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time into the block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
