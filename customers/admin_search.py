"""The search boxes of lists and of fields that refer to other records."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from customers import access, search
from customers.storable import UNSTORABLE

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = object

ByFunction = Callable[[QuerySet[Any], str, search.Businesses], tuple[QuerySet[Any], bool]]

ANY_FIELD = ("pk",)
"""Django shows a search box only where `search_fields` names a field. `found_by` does not use it."""


class FoundHoweverWritten(ModelAdmin):
    """Mixin for pages: `found_by` is the function of `customers.search` that searches these rows.

    Without it, `search_fields` are searched: for texts with lookups of `customers.folding`.
    """

    found_by: ClassVar[ByFunction | None] = None

    def get_search_fields(self, request: HttpRequest) -> Any:
        return ANY_FIELD if self.found_by else super().get_search_fields(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = UNSTORABLE.sub("", search_term).strip()
        find = type(self).found_by
        if not typed or find is None:
            return super().get_search_results(request, queryset, typed[: search.MAX_LENGTH])
        rows, more = find(queryset, typed, access.business_ids_of(request.user))
        if more and request.resolver_match and "changelist" in request.resolver_match.view_name:
            messages.info(request, search.TOO_MANY)
        return rows, False
