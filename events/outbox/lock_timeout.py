"""Transactions that give up when a save holds a lock, and are tried again later.

Background work must neither keep a save waiting for long nor make it fail.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction
from django.db.utils import OperationalError

LOCK_TIMEOUT: Final = "500ms"
"""How long background work waits for a lock. A save may wait behind it for about as long. Shorter
than the second after which PostgreSQL looks for deadlocks."""

# lock_not_available, deadlock_detected
LOCK_ERRORS: Final = {"55P03", "40P01"}

# A worker that is frozen within a transaction must not keep a save waiting for its row locks for
# long. Longer than any pause of a worker that still works.
LIMIT_IDLE_TIME: Final = "SET LOCAL idle_in_transaction_session_timeout = '20s'"


SET_TIMEOUT: Final = "SELECT set_config('lock_timeout', %s, true)"


class LockTimeout(Exception):
    """Another transaction held a lock for longer than we wait. Nothing was changed."""


@contextmanager
def lock_timeout(timeout: str = LOCK_TIMEOUT) -> Iterator[Any]:
    """A transaction, with its cursor, that waits for each lock at most `timeout`, such as 200ms.

    Raises LockTimeout. PostgreSQL aborts the transaction that detects a deadlock, after 1 s. Our
    lock timeout is shorter, so we give up first and never the save. Within a transaction, only the
    block waits for so short a time, and only what the block did is undone.
    """
    is_within = connection.in_atomic_block
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            before = _current_timeout(cursor) if is_within else ""
            cursor.execute(SET_TIMEOUT, [timeout])
            yield cursor
            if is_within:
                cursor.execute(SET_TIMEOUT, [before])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) not in LOCK_ERRORS:
            raise
        raise LockTimeout from error


def _current_timeout(cursor: Any) -> str:
    cursor.execute("SELECT current_setting('lock_timeout')")
    return str(cursor.fetchone()[0])


def limit_idle_time(cursor: Any) -> None:
    """Have PostgreSQL abort the current transaction when it is idle for 20 s."""
    cursor.execute(LIMIT_IDLE_TIME)
