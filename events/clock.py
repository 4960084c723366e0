"""The time on the database's clock: the only one that leases and pauses of lanes are judged by.

Machines' clocks differ. A worker whose clock is a minute ahead would take the leases of others.
"""

import time
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

READ_AGAIN_SECONDS: Final = 60.0
"""In between, this process's monotonic clock goes on from the time that was read."""

QUICK_SECONDS: Final = 0.005
MAX_READINGS: Final = 5

_read: tuple[datetime, float] | None = None


def database_now() -> datetime:
    """Return the time on the database's clock, or a moment earlier: never a later time."""
    global _read  # noqa: PLW0603 - one reading per process
    # A test may have moved this process's clocks, and have moved them back.
    if _read is None or not 0 <= time.monotonic() - _read[1] <= READ_AGAIN_SECONDS:
        _read = _read_clock()
    at, read_at = _read
    return at + timedelta(seconds=time.monotonic() - read_at)


def _read_clock() -> tuple[datetime, float]:
    """Return the database's time and the monotonic time at which we had it.

    The quickest of a few answers, as a slow one would leave us behind for a minute.
    """
    connection.ensure_connection()
    readings: list[tuple[float, datetime, float]] = []
    while len(readings) < MAX_READINGS and (not readings or min(readings)[0] > QUICK_SECONDS):
        asked_at = time.monotonic()
        # Not a statement of the work that asks for the time: no timeouts of a transaction, no log.
        with connection.wrap_database_errors:
            row = connection.connection.execute("SELECT clock_timestamp()").fetchone()
        read_at = time.monotonic()
        readings.append((read_at - asked_at, row[0], read_at))
    _, at, read_at = min(readings)
    return at, read_at
