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
"""Django wants a field where records can be searched. `found_by` does not use it."""


class FoundHoweverWritten(ModelAdmin):
    """Mixin for pages: `found_by` is the function of `customers.search` that searches these rows.

    Without it, `search_fields` are searched: for texts with lookups of `customers.folding`.
    """

    found_by: ClassVar[ByFunction | None] = None
    how_to_search = "Search by name. Part of it is enough."
    """What a list says when a search found nothing."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.found_by is not None:
            cls.search_fields = ANY_FIELD
            cls.how_to_search = search.HOW_TO_SEARCH

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = UNSTORABLE.sub("", search_term).strip()
        find = type(self).found_by
        if not typed or find is None:
            return super().get_search_results(request, queryset, typed[: search.LONGEST_TERM])
        rows, more = find(queryset, typed, access.business_ids_of(request.user))
        if more and request.resolver_match and "changelist" in request.resolver_match.view_name:
            messages.info(request, search.TOO_MANY)
        return rows, False
