"""Run statements that each connection prepares once.

PostgreSQL plans such a statement a few times and keeps it; parsing and planning the recording
statement costs several times what running it does. In a transaction it is sent by libpq without a
cursor, which costs the program more than all that the outbox's indexes cost PostgreSQL (bench
`record_off_ratio_to_plain_save`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import generators
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

MAX_STATEMENTS: Final = 100
"""Of one connection, as psycopg keeps at most. There are some dozens, one for each kind of save."""
SUCCESSFUL: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})

_names: WeakKeyDictionary[Any, dict[str, bytes]] = WeakKeyDictionary()
"""psycopg's connection -> the names of the statements that it has prepared."""


def run(statement: str, values: Sequence[Any]) -> int:
    """Run the statement, which has a cast at each placeholder. Returns the number of rows."""
    connection.ensure_connection()
    names = _names.setdefault(connection.connection, {})
    if _needs_cursor() or (statement not in names and len(names) == MAX_STATEMENTS):
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.rowcount)
    connection.validate_no_broken_transaction()
    params = [None if value is None else str(value).encode() for value in values]
    with connection.wrap_database_errors:
        return _run_prepared(names, statement, params)


def _needs_cursor() -> bool:
    """Return whether only a cursor of Django's will do.

    It sets the timeouts of a transaction, as its first statement. It has the values of a statement,
    which a query log must show, and calls its wrappers.
    """
    database: Any = connection.connection
    return (
        database.pgconn.transaction_status != TransactionStatus.INTRANS
        or connection.queries_logged
        or bool(connection.execute_wrappers)
    )


def _run_prepared(names: dict[str, bytes], statement: str, params: list[bytes | None]) -> int:
    database: Any = connection.connection
    with database.lock:
        name = names.get(statement)
        if name is None:
            name = b"smrt_%d" % len(names)
            database.pgconn.send_prepare(name, _numbered(statement))
            _result(database)
            names[statement] = name
        database.pgconn.send_query_prepared(name, params)
        return int(_result(database).command_tuples or 0)


def _result(database: Any) -> Any:
    """Wait for the result as psycopg does, so that Ctrl-C ends it. Raises psycopg's errors."""
    (result,) = database.wait(generators.execute(database.pgconn))
    if result.status not in SUCCESSFUL:
        raise error_from_result(result)
    return result


@lru_cache(maxsize=2 * MAX_STATEMENTS)
def _numbered(statement: str) -> bytes:
    """Return the statement with $1, $2, ... in place of each %s."""
    first, *others = statement.split("%s")
    return "".join([first, *(f"${n}{part}" for n, part in enumerate(others, 1))]).encode()
