"""PostgreSQL's log names errors, and holds no value of a row, a statement or a parameter."""

import re
from collections.abc import Callable, Iterator
from threading import Thread

import psycopg
import pytest
import yaml

from devtools.services.postgres import NO_VALUES_IN_LOG, PostgresServer
from tests.workers import PROJECT, wait_until

Connection = psycopg.Connection[tuple[object, ...]]

# Deadlocks and waits for locks are noticed, and logged, at once.
IMPATIENT = {"deadlock_timeout": "1ms", "log_lock_waits": "on"}
ADDRESS = "12 Quiet Lane"
TABLE = """
CREATE TABLE customer (
    id int PRIMARY KEY, street text UNIQUE CHECK (street <> ''), name text NOT NULL
);
INSERT INTO customer VALUES (1, '12 Quiet Lane', 'Ann'), (2, '14 Quiet Lane', 'Ben')
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("closed") / "postgres", settings=IMPATIENT)
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(TABLE)
    yield server
    server.kill()


@pytest.fixture
def connect(server: PostgresServer) -> Iterator[Callable[[], Connection]]:
    connections: list[Connection] = []

    def connect() -> Connection:
        connections.append(psycopg.connect(server.url))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


def assert_logged(server: PostgresServer, error: str) -> None:
    wait_until(lambda: error in server.log.read_text(), f"the server logs {error!r}")
    assert "Quiet Lane" not in server.log.read_text()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ((3, ADDRESS, None), 'null value in column "name"'),
        ((3, ADDRESS, "Cid"), "duplicate key value violates unique constraint"),
        ((3, "", ADDRESS), 'new row for relation "customer" violates check constraint'),
        ((10**12, ADDRESS, "Cid"), "integer out of range"),
    ],
)
@pytest.mark.parametrize("binds", [psycopg.Cursor, psycopg.ClientCursor])
def test_a_refused_insert_is_logged_without_its_row(
    server: PostgresServer,
    connect: Callable[[], Connection],
    values: tuple[object, ...],
    error: str,
    binds: type[psycopg.Cursor[tuple[object, ...]]],
) -> None:
    with pytest.raises(psycopg.Error), binds(connect()) as cursor:
        cursor.execute("INSERT INTO customer VALUES (%s, %s, %s)", values)

    assert_logged(server, error)


def test_a_refused_copy_is_logged_without_its_rows(
    server: PostgresServer, connect: Callable[[], Connection]
) -> None:
    with (
        pytest.raises(psycopg.Error),
        connect().cursor() as cursor,
        cursor.copy("COPY customer FROM STDIN") as copy,
    ):
        copy.write_row((3, ADDRESS, None))

    assert_logged(server, 'null value in column "name"')


def test_waits_for_locks_and_what_ends_them_are_logged_without_the_statements(
    server: PostgresServer, connect: Callable[[], Connection]
) -> None:
    holder, waiter = connect(), connect()
    update = f"UPDATE customer SET street = '{ADDRESS}' WHERE id = %s"
    with holder.transaction(force_rollback=True):
        holder.execute(update, [1])
        for setting, error in [
            ("lock_timeout", "canceling statement due to lock timeout"),
            ("statement_timeout", "canceling statement due to statement timeout"),
        ]:
            waiter.execute(f"SET LOCAL {setting} = '50ms'")
            with pytest.raises(psycopg.Error):
                waiter.execute(update, [1])
            waiter.rollback()
            assert_logged(server, error)
    assert_logged(server, "still waiting for ShareLock")


def test_a_deadlock_is_logged_without_the_statements(
    server: PostgresServer, connect: Callable[[], Connection]
) -> None:
    first, second = connect(), connect()
    update = f"UPDATE customer SET name = '{ADDRESS}' WHERE id = %s"
    first.execute(update, [1])
    second.execute(update, [2])

    def cross(connection: Connection, row: int) -> None:
        try:
            connection.execute(update, [row])
        except psycopg.errors.DeadlockDetected:
            connection.rollback()

    threads = [Thread(target=cross, args=arguments) for arguments in ((first, 2), (second, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert_logged(server, "deadlock detected")


def test_compose_and_the_documentation_have_the_same_settings() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    command = compose["services"]["postgres"]["command"]
    assert command[0] == "postgres"
    assert set(command[1:]) == {f"--{name}={value}" for name, value in NO_VALUES_IN_LOG.items()}

    documented = re.findall(
        r"^ +(log_\w+) = (\S+)$", (PROJECT / "docs" / "operating.md").read_text(), re.MULTILINE
    )
    assert dict(documented) == NO_VALUES_IN_LOG
