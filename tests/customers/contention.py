"""Run several actions at the same moment, in threads with their own database connections."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
from django.db import connection, transaction

from customers.errors import ActionRefused
from customers.models.tenant import BelongsToBusiness
from tests.workers import current_database_url

WAIT_TIMEOUT_SECONDS = 20.0
"""After this time a thread that should wait for a lock is not going to."""


def run_at_once(record: BelongsToBusiness, *actions: Callable[[], object]) -> list[str]:
    """Start the actions while `record` is locked, and unlock it when all of them wait for it.

    Returns the sorted outcomes: see `outcome_of`.
    """
    with ThreadPoolExecutor(len(actions)) as counters:
        with transaction.atomic():
            record.lock()
            outcomes = [counters.submit(outcome_of, action) for action in actions]
            wait_for_waiting(len(actions))
        return sorted(outcome.result(WAIT_TIMEOUT_SECONDS) for outcome in outcomes)


def outcome_of(action: Callable[[], object]) -> str:
    """Run the action. Returns `done`, or the code of its error."""
    try:
        action()
    except ActionRefused as error:
        return error.code
    else:
        return "done"
    finally:
        connection.close()


def wait_for_waiting(backends: int) -> None:
    """Wait until this number of connections to this database wait for a lock."""
    deadline = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while (waiting := count_waiting()) < backends:
        assert time.monotonic() < deadline, f"{waiting} of {backends} wait for a lock"
        time.sleep(0.01)


def count_waiting() -> int:
    """Return the number of connections to this database that wait for a lock."""
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL shows the activity of its first query otherwise.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


@contextmanager
def hold_locks(statement: str) -> Iterator[None]:
    """Keep a transaction of another session open in which this statement took locks."""
    with psycopg.connect(current_database_url()) as session:
        session.execute(statement)
        yield
        session.rollback()
