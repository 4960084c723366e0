"""A cursor for statements that must read rows in the order of an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction

# The planner takes the conditions on a class to be independent of each other. So it expects one
# row of a class in a month that has a hundred thousand, and would read and sort them all: 4 s
# instead of 10 ms (bench `send_log_first_page_ms`). And if an outbox was empty when it was last
# analyzed, the planner expects that reading all of it is cheapest.
PLANNER_SETTINGS: Final = ("enable_sort", "enable_seqscan", "enable_bitmapscan")
AVOID_SORTS_AND_SCANS: Final = "SELECT " + ", ".join(
    f"set_config('{name}', 'off', true)" for name in PLANNER_SETTINGS
)
RESET_PLANNER: Final = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in PLANNER_SETTINGS)


@contextmanager
def in_index_order() -> Iterator[Any]:
    """A cursor whose statements sort or scan only where no index serves."""
    is_nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(AVOID_SORTS_AND_SCANS)
        yield cursor
        if is_nested:
            # otherwise the settings end with the transaction
            cursor.execute(RESET_PLANNER)
