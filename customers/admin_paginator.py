"""Pages of long lists: first the ids of the rows, by an index, and then the rows of one page.

PostgreSQL would otherwise read whole rows, and what they refer to, of all pages before; or look
for a thousand rows that a search found by reading all rows in the order of the list.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from math import floor, log10
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import QuerySet

if TYPE_CHECKING:
    RowsPaginator = Paginator[Any]
else:
    RowsPaginator = Paginator

MOST_COUNTED: Final = 1_000
"""Rows that are counted exactly, in a few milliseconds."""
MOST_PAGES: Final = 200
"""PostgreSQL reads the ids of all pages before. Nobody pages further; people search or filter."""


class EstimatedCount(int):
    """A number of rows that is shown as an estimate: "about 1,000,000"."""

    is_estimate = True
    """For templates. Nobody selects all rows of such a list."""

    def __str__(self) -> str:
        return f"about {int(self):,}"


class BoundedPaginator(RowsPaginator):
    """Pages of a list. What the attributes say, lets PostgreSQL read few rows."""

    is_found: bool = False
    """The rows are those that a search found, so they are few."""
    all_rows: QuerySet[Any] | None = None
    """The rows without any filter, to read those of a page by their ids."""
    of_each: Sequence[QuerySet[Any]] = ()
    """The rows of each business, when they are of several. An index has the order of each."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows; of more than MOST_COUNTED, two digits of an estimate."""
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = len(self._first_ids)
        if self.is_found or counted <= MOST_COUNTED:
            return counted
        parts = self.of_each or [rows]
        expected = max(sum(_expected(part) for part in parts), counted - 1)
        return EstimatedCount(round(expected, 1 - floor(log10(expected))))

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, MOST_PAGES)

    def page(self, number: int | str) -> Page[Any]:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return super().page(number)
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        ids = self._ids(start, start + self.per_page)
        all_rows = rows if self.all_rows is None else self.all_rows
        return Page(all_rows.filter(pk__in=ids), number, self)

    def _ids(self, start: int, stop: int) -> list[Any]:
        if self.is_found or stop <= MOST_COUNTED:
            return self._first_ids[start:stop]
        return values_in_order(self.object_list, self.of_each, start, stop)

    @cached_property
    def _first_ids(self) -> list[Any]:
        if self.is_found:
            # Without a limit, PostgreSQL has no reason to read all rows in the order of the list.
            rows: Any = self.object_list
            return [*rows.values_list("pk", flat=True)]
        return values_in_order(self.object_list, self.of_each, 0, MOST_COUNTED + 1)


def values_in_order(
    rows: Any, of_each: Sequence[Any], start: int, stop: int, column: str = "pk"
) -> list[Any]:
    """Return the values at these places of the list, read in the order of each one's index."""
    if not of_each:
        return [*rows.values_list(column, flat=True)[start:stop]]
    order = rows.query.order_by
    columns = [name.removeprefix("-") for name in order]
    parts = [part.values_list(column, *columns)[:stop] for part in of_each]
    merged = parts[0].union(*parts[1:], all=True).order_by(*order)
    return [row[0] for row in merged[start:stop]]


def _expected(rows: QuerySet[Any]) -> int:
    """Return how many rows PostgreSQL's planner expects."""
    statement, values = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        (explained,) = cursor.fetchone()
    (found,) = json.loads(explained) if isinstance(explained, str) else explained
    return int(found["Plan"]["Plan Rows"])
