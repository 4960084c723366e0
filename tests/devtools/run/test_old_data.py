"""`make run` on data of a version before 0.1.0 says in one sentence what to do."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devtools.run.errors import RunError
from devtools.run.system import require_present_schema
from devtools.services.postgres import PostgresServer

TABLE = "CREATE TABLE django_migrations (app varchar(255), name varchar(255))"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    yield server.url
    server.stop()


def apply(url: str, *migrations: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(TABLE)
        for name in migrations:
            connection.execute("INSERT INTO django_migrations VALUES ('customers', %s)", [name])


def test_an_empty_database_is_accepted(url: str) -> None:
    require_present_schema(url)


def test_present_data_is_accepted(url: str) -> None:
    apply(url, "0001_initial")
    require_present_schema(url)


def test_old_data_is_refused_with_the_remedy(url: str) -> None:
    apply(url, "0001_records", "0002_membership")
    with pytest.raises(RunError) as error:
        require_present_schema(url)
    assert str(error.value) == (
        "This data was made by a version before 0.1.0 and cannot be upgraded: "
        "`make clean` deletes it, then `make run` starts again."
    )
