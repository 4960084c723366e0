"""A database of an earlier version, upgraded, has the same schema as a new one.

`tests/schema/` has a file for each version. A migration that was edited or folded after its release
makes the two schemas differ.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from devtools.schema import dump_schema
from smrt_integration import __version__
from tests.segment import PROJECT

# Each process that tests has databases of its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
SCHEMAS = sorted((PROJECT / "tests" / "schema").glob("*.sql"))


def create_database(name: str) -> str:
    """Create an empty database on the tests' server. Replaces an earlier one. Returns its URL."""
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=PROJECT, env=os.environ | {"DATABASE_URL": url}, check=True)


@pytest.fixture(scope="module")
def new_schema() -> str:
    url = create_database(f"upgrade_new_{WORKER}")
    migrate(url)
    return dump_schema(url)


def test_the_present_version_has_a_schema_file() -> None:
    assert f"{__version__}.sql" in {schema.name for schema in SCHEMAS}


@pytest.mark.slow
@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.stem)
def test_an_upgraded_database_has_the_schema_of_a_new_one(schema: Path, new_schema: str) -> None:
    url = create_database(f"upgrade_old_{WORKER}")
    with psycopg.connect(url) as connection:
        connection.execute(schema.read_text().encode())

    migrate(url)

    assert dump_schema(url) == new_schema
