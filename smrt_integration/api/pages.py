"""Pages by cursor: a list that grows while it is read shows nothing twice and skips nothing."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Pages(CursorPagination):
    """Newest first, unless the view says otherwise with `ordering`, which must name unique columns together."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def get_ordering(self, request: Request, queryset: Any, view: APIView) -> tuple[str, ...]:
        ordering: tuple[str, ...] = getattr(view, "ordering", ("-pk",))
        return ordering
