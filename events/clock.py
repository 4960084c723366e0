"""The time on the database's clock: the only one that leases and pauses of lanes are judged by.

Machines' clocks differ. A worker whose clock is a minute ahead would take the leases of others.
"""

import time
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

READ_AGAIN_SECONDS: Final = 60.0
"""In between, this process's monotonic clock goes on from the time that was read."""

_read: tuple[datetime, float] | None = None


def database_now() -> datetime:
    """Return the time on the database's clock, or a moment earlier: never a later time."""
    global _read  # noqa: PLW0603 - one reading per process
    if _read is None or time.monotonic() - _read[1] > READ_AGAIN_SECONDS:
        connection.ensure_connection()
        # Not a statement of the work that asks for the time: no timeouts of a transaction, no log.
        with connection.wrap_database_errors:
            row = connection.connection.execute("SELECT clock_timestamp()").fetchone()
        _read = row[0], time.monotonic()
    at, read_at = _read
    return at + timedelta(seconds=time.monotonic() - read_at)
