"""Lists that take the same time however many rows there are.

A count, a sort, a filter and the way to a far page read all rows of a business. So rows are counted
up to a limit and estimated beyond it, pages end with the first thousands of rows, filters look at
as many, and columns can be sorted by only where an index has that order, or where there are few
rows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from customers import access
from customers.admin_paginator import MOST_COUNTED, BoundedPaginator, values_in_order
from customers.admin_scan import BoundedChangeList, IndexedValues

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = object

MOST_BUSINESSES: Final = 20
"""Businesses of one user whose rows are merged. Each costs a look into an index."""
SEARCH_PARAMETERS: Final = (SEARCH_VAR, "term")
"""What lists and autocompletes are searched by."""


class ListOfAnySize(ModelAdmin):
    """Mixin for pages. `is_small`: a business has few such rows, so any order is quick."""

    paginator: ClassVar[Any] = BoundedPaginator
    business_path: ClassVar[str]
    is_small: ClassVar[bool] = False
    indexed_values: ClassVar[IndexedValues] = {}
    show_full_result_count = False

    def get_ordering(self, request: HttpRequest) -> Any:
        """Return the page's own order, where one business's rows have an index in this order.

        A list that is filtered by days is in the order of the days.
        """
        if days := self._filtered_days(request):
            return (f"-{days[0]}", "-pk")
        ordering = super().get_ordering(request)
        if self.is_small or not ordering or not self.is_of_all(request):
            return ordering
        return ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return BoundedChangeList

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        pages: Any = super().get_paginator(request, queryset, *args, **kwargs)
        if getattr(queryset, "model", None) is not self.model:
            return pages  # a record's history
        pages.is_found = bool(
            getattr(self, "found_by", None)
            and any(request.GET.get(name) for name in SEARCH_PARAMETERS)
        )
        pages.all_rows = self.get_queryset(request).order_by(*queryset.query.order_by)
        pages.all_rows.query.select_related = queryset.query.select_related
        pages.of_each = self.of_each_business(request, queryset)
        return pages

    def of_each_business(self, request: HttpRequest, rows: Any) -> Sequence[QuerySet[Any]]:
        """Return the rows of each business, if they are of several and each has an index."""
        if self.is_small or self.is_of_all(request) or self._is_of_one_business(request):
            return ()
        ids = access.business_ids_of(request.user) or ()
        return [rows.filter(**{self.business_path: pk}) for pk in ids]

    def is_of_all(self, request: HttpRequest) -> bool:
        """Return whether the list is of all businesses, or of many."""
        if self._is_of_one_business(request):
            return False
        ids = access.business_ids_of(request.user)
        return ids is None or len(ids) > MOST_BUSINESSES

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
        rows = self.get_queryset(request)
        chosen = request.GET.get(f"{self.business_path}__id__exact", "")
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            rows = rows.filter(**{self.business_path: chosen})
        rows = rows.order_by(*(self.get_ordering(request) or ("-pk",)))
        of_each = self.of_each_business(request, rows)
        return len(values_in_order(rows, of_each, 0, MOST_COUNTED + 1)) <= MOST_COUNTED

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
