"""Lists that take the same time however many rows there are.

A count, a sort and the way to a far page read all rows of a business. So rows are counted up to
a limit and estimated beyond it, pages end with the first thousands of rows, and columns can be
sorted by only where an index has that order, or where there are few rows.
"""

import json
from functools import cached_property
from math import floor, log10
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from customers import access

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    RowsPaginator = Paginator[Any]
else:
    ModelAdmin = object
    RowsPaginator = Paginator

MOST_COUNTED: Final = 1_000
"""Rows that are counted exactly, in a few milliseconds."""
MOST_PAGES: Final = 200
"""PostgreSQL reads all rows before a page. Nobody pages further; people search or filter."""


class EstimatedCount(int):
    """A number of rows that is shown as an estimate: "about 1,000,000"."""

    def __str__(self) -> str:
        return f"about {int(self):,}"


class BoundedPaginator(RowsPaginator):
    @cached_property
    def count(self) -> int:
        """Return the number of rows, estimated if there are more than MOST_COUNTED."""
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        # In the order of the page, for which there is an index.
        counted = rows[: MOST_COUNTED + 1].count()
        return counted if counted <= MOST_COUNTED else EstimatedCount(_estimate(rows, counted))

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, MOST_PAGES)


def _estimate(rows: QuerySet[Any], at_least: int) -> int:
    """Return how many rows PostgreSQL's planner expects, with two digits that count."""
    statement, values = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        (explained,) = cursor.fetchone()
    (found,) = json.loads(explained) if isinstance(explained, str) else explained
    expected = max(int(found["Plan"]["Plan Rows"]), at_least - 1)
    return round(expected, 1 - floor(log10(expected)))


class ListOfAnySize(ModelAdmin):
    """Mixin for pages. `is_small`: a business has few such rows, so any order is quick."""

    paginator: ClassVar[Any] = BoundedPaginator
    business_path: ClassVar[str]
    is_small: ClassVar[bool] = False
    show_full_result_count = False

    def get_ordering(self, request: HttpRequest) -> Any:
        """Return the page's own order, where one business's rows have an index in this order.

        A list that is filtered by days is in the order of the days.
        """
        if days := self._filtered_days(request):
            return (f"-{days[0]}", "-pk")
        ordering = super().get_ordering(request)
        if self.is_small or not ordering or self._is_of_one_business(request):
            return ordering
        return ("-pk",)

    def get_sortable_by(self, request: HttpRequest) -> Any:
        columns = super().get_sortable_by(request)
        if self.is_small or self._is_short(request):
            return columns
        if not self._is_of_one_business(request):
            return ()
        indexed = columns_in_order(self.model)
        days = self._filtered_days(request)
        return [name for name in columns if name in (days or indexed)]

    def _is_short(self, request: HttpRequest) -> bool:
        """Return whether the user has so few of these rows that any order is quick."""
        rows = self.get_queryset(request).order_by()
        return bool(rows[: MOST_COUNTED + 1].count() <= MOST_COUNTED)

    def _is_of_one_business(self, request: HttpRequest) -> bool:
        chosen = f"{self.business_path}__id__exact"
        return bool(access.only_business_of(request.user)) or chosen in request.GET

    def _filtered_days(self, request: HttpRequest) -> list[str]:
        """Return the columns of days that the list is filtered by and an index has in order."""
        if not self._is_of_one_business(request):
            return []
        return [
            name
            for name in columns_in_order(self.model)
            if request.GET.get(f"{name}_from") or request.GET.get(f"{name}_to")
        ]


def columns_in_order(model: type[Model]) -> list[str]:
    """Return the columns in whose order an index has all rows of a business."""
    indexes = [
        index.fields or [getattr(part, "name", "") for part in index.expressions]
        for index in model._meta.indexes
        if index.condition is None
    ]
    constraints: Any = model._meta.constraints
    unique = [
        constraint.fields
        for constraint in constraints
        if getattr(constraint, "fields", None) and not getattr(constraint, "condition", None)
    ]
    return [
        str(fields[1]).removeprefix("-")
        for fields in (*indexes, *unique)
        if len(fields) > 1 and fields[0] == "business" and fields[1]
    ]
