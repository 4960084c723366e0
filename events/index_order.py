"""Statements that must read rows in the order of an index, whatever the planner expects."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction

# It takes the conditions on a class to be independent of each other, so it expects one row of a class in a month where there are a
# hundred thousand, and would fetch them all to sort them: 4 s instead of 10 ms (bench `send_log_first_page_ms`). And of an outbox that
# was empty when it was last analyzed it expects that reading all of it is cheapest.
AVOIDED: Final = ("enable_sort", "enable_seqscan", "enable_bitmapscan")
AVOID: Final = "SELECT " + ", ".join(f"set_config('{way}', 'off', true)" for way in AVOIDED)
ALLOW: Final = "; ".join(f"SET LOCAL {way} TO DEFAULT" for way in AVOIDED)


@contextmanager
def in_index_order() -> Iterator[Any]:
    """A cursor for statements that sort, scan or collect rows only where there is no other way."""
    inside = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(AVOID)
        yield cursor
        if inside:
            # otherwise it ends with the transaction
            cursor.execute(ALLOW)
