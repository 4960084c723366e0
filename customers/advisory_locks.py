"""Advisory locks of PostgreSQL: work that one worker at a time does, over all machines.

The numbers stand here alone, so that no two kinds of work have the same.
"""

from typing import Final

from django.db import connection

EXPORTS_LOCK: Final = 7_420_001
LOST_LOCK: Final = 7_420_002
BIRTHDAYS_LOCK: Final = 7_420_003
TEXTS_LOCK: Final = 7_420_004
IMPORTS_LOCK: Final = 7_420_005


def try_lock(number: int) -> bool:
    """Take the lock until the transaction ends. Returns False while another session has it.

    The next statement sees what the session that had the lock before has committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
