"""Transactions whose statements look rows up by indexes, whatever PostgreSQL's statistics say.

The tables of texts, pickups and customers are large, and each statement here wants a few of their
rows, for which there is an index. On an evening with the first texts, or whose texts are more than
ever before, statistics are missing or wrong, and PostgreSQL would read, sort or join all rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

LEFT_OUT: Final = ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin")
"""PostgreSQL still takes these ways where there is no other, as with small tables."""
LEAVE_OUT: Final = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', TRUE)" for way in LEFT_OUT
)


@contextmanager
def by_index() -> Iterator[None]:
    """Run the block in a transaction, with whose end the settings end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LEAVE_OUT)
        yield
