"""Several counters at the same moment: threads with connections of their own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from customers.errors import ActionRefused
from customers.models.tenant import BelongsToBusiness

WAIT_TIMEOUT_SECONDS = 20.0
"""Seconds after which threads that should have met a lock never will."""


def run_at_once(record: BelongsToBusiness, *actions: Callable[[], object]) -> list[str]:
    """Start the actions while `record` is locked, let go when all of them wait for it, and say how they went: see `outcome_of`."""
    with ThreadPoolExecutor(len(actions)) as counters:
        with transaction.atomic():
            record.lock()
            outcomes = [counters.submit(outcome_of, action) for action in actions]
            wait_for_waiting(len(actions))
        return sorted(outcome.result(WAIT_TIMEOUT_SECONDS) for outcome in outcomes)


def outcome_of(action: Callable[[], object]) -> str:
    """`done`, or the code of the refusal."""
    try:
        action()
    except ActionRefused as refusal:
        return refusal.code
    else:
        return "done"
    finally:
        connection.close()


def wait_for_waiting(backends: int) -> None:
    """Until so many connections to this database wait for a lock."""
    deadline = time.monotonic() + WAIT_TIMEOUT_SECONDS
    while (waiting := _waiting()) < backends:
        assert time.monotonic() < deadline, f"{waiting} of {backends} wait for a lock"
        time.sleep(0.01)


def _waiting() -> int:
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL would go on to show the activity of its first look.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
