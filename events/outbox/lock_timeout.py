"""Giving up on rows that a save holds locked, to come back to them later: no save may wait long for a sweep, or fail because of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction
from django.db.utils import OperationalError

# lock_not_available, deadlock_detected
GIVEN_UP: Final = {"55P03", "40P01"}


class LockTimeout(Exception):
    """Somebody held a lock for longer than we wait. Nothing was changed."""


@contextmanager
def lock_timeout(patience: str) -> Iterator[Any]:
    """A transaction, with its cursor, that waits for no lock longer than `patience`, such as 200ms. Raises Locked.

    In a deadlock PostgreSQL ends whoever notices it after a second of waiting. With less patience than that, it is never a save.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
            yield cursor
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) not in GIVEN_UP:
            raise
        raise LockTimeout from error
