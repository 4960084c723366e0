"""Statements that look rows up by indexes, whatever PostgreSQL's statistics say.

The statements that use this want a bounded number of rows of large tables, for which there is an
index. Where statistics are missing, or tell of the quiet hours, or take conditions that go together
for independent ones, PostgreSQL would read, sort or join all rows: 4 s instead of 10 ms (bench
`send_log_first_page_ms`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction

LEFT_OUT: Final = ("seqscan", "bitmapscan", "sort", "incremental_sort", "hashjoin", "mergejoin")
"""PostgreSQL still takes these ways where there is no other."""
LEAVE_OUT: Final = """
SELECT way, current_setting('enable_' || way) AS before, set_config('enable_' || way, 'off', TRUE)
FROM unnest(%s::text[]) way
"""
RESET: Final = """
SELECT set_config('enable_' || way, before, TRUE)
FROM unnest(%s::text[], %s::text[]) AS former (way, before)
"""


@contextmanager
def by_index(*, bitmaps: bool = False) -> Iterator[Any]:
    """Run the block in a transaction, and yield a cursor.

    `bitmaps` allows bitmaps of pages, which an index of page ranges (BRIN) needs.
    """
    is_nested = connection.in_atomic_block
    left_out = [way for way in LEFT_OUT if not (bitmaps and way == "bitmapscan")]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LEAVE_OUT, [left_out])
        before = cursor.fetchall()
        yield cursor
        if is_nested:
            # otherwise the settings end with the transaction
            ways = [way for way, _, _ in before]
            cursor.execute(RESET, [ways, [value for _, value, _ in before]])
