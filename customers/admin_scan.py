"""Filters of long lists by a few values, which look at a bounded number of rows.

No index has the order of the list for each value and for each combination of values, as each
would cost every save. Where a value is rare, the way to fifty rows of it would be all rows.
So a filter looks at the first rows of the list, and the page says so. An index of its own have
the values that owners look for and that most rows do not have: `indexed_values`.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from customers.admin_clock import LocalChangeList
from customers.admin_paginator import BoundedPaginator, values_in_order
from customers.day_filters import LocalDayFilter

MOST_LOOKED_AT: Final = 10_000
"""Rows that a filter looks at: as many as all pages of a list show, in about 10 ms."""
LOOKED_AT: Final = (
    f"The filter looked at the first {MOST_LOOKED_AT:,} rows of this list. To look at others,"
    " choose days as well."
)
OF_ALL: Final = (
    f"The filter looked at the newest {MOST_LOOKED_AT:,} rows. To look at others, choose a business"
    " as well."
)

IndexedValues = Mapping[str, Collection[str]]
"""By column, the values for which an index has the rows of a business in the order of the list."""


class BoundedChangeList(LocalChangeList):
    """A list whose filters look at no more than MOST_LOOKED_AT rows."""

    filter_specs: list[Any]
    is_cut = False
    """Whether there are rows that the filters did not look at."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        looked_at = self._looked_at(request, rows)
        if looked_at is None:
            return rows
        own: Any = self.model_admin
        first = str(rows.query.order_by[0])
        column, comparison = first.removeprefix("-"), "gte" if first.startswith("-") else "lte"
        looked_at = looked_at.order_by(first)
        of_each = own.of_each_business(request, looked_at)
        last = values_in_order(looked_at, of_each, MOST_LOOKED_AT, MOST_LOOKED_AT + 1, column)
        self.is_cut = bool(last)
        return rows.filter(**{f"{column}__{comparison}": last[0]}) if last else rows

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.multi_page and isinstance(self.paginator, BoundedPaginator):
            # by the ids that were read to count them
            self.result_list = self.paginator.page(1).object_list
        if self.is_cut and request.method == "GET":
            own: Any = self.model_admin
            messages.info(request, OF_ALL if own.is_of_all(request) else LOOKED_AT)

    def _looked_at(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any] | None:
        """Return what the filters look at, or None if indexes find what they let through."""
        own: Any = self.model_admin
        used = [spec for spec in self.filter_specs if getattr(spec, "used_parameters", None)]
        if not used or self.query or own.is_small:
            return None
        if own.is_of_all(request):
            return self.root_queryset
        days = [spec for spec in used if isinstance(spec, LocalDayFilter)]
        of_business = [spec for spec in used if spec.field_path == own.business_path]
        values = [spec for spec in used if spec not in (*days, *of_business)]
        in_own_order = not days and rows.query.order_by[0] == (own.ordering or ("-pk",))[0]
        indexed = [spec for spec in values if in_own_order and self._is_indexed(spec)][:1]
        if values == indexed:
            return None
        looked_at = self.root_queryset
        for spec in (*of_business, *days, *indexed):
            looked_at = spec.queryset(request, looked_at)
        return looked_at

    def _is_indexed(self, spec: Any) -> bool:
        own: Any = self.model_admin
        values = [*spec.used_parameters.values()]
        indexed = own.indexed_values.get(spec.field_path, ())
        return len(values) == 1 and [*values[0]] in [[value] for value in indexed]
