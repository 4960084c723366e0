"""One sweep of a kind at a time, over all workers.

A sweep leaves out what an earlier one found, as it sees it when its statement begins. So the lock
is taken by a statement before it.
"""

from typing import Final

from django.db import connection

# Any numbers that no other advisory lock of ours has.
LOST_LOCK: Final = 7_420_002
BIRTHDAYS_LOCK: Final = 7_420_003


def try_lock(number: int) -> bool:
    """Take the lock until the transaction ends. Returns False while another session has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
