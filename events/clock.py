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
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            _read = cursor.fetchone()[0], time.monotonic()
    at, read_at = _read
    return at + timedelta(seconds=time.monotonic() - read_at)
