"""Run several actions at the same moment, in threads with their own database connections."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from customers.errors import ActionRefused
from customers.models.tenant import BelongsToBusiness

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
    while (waiting := _count_waiting()) < backends:
        assert time.monotonic() < deadline, f"{waiting} of {backends} wait for a lock"
        time.sleep(0.01)


def _count_waiting() -> int:
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL shows the activity of its first query otherwise.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
