"""Pagination by cursor: a list that grows while it is read repeats and skips no row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from smrt_integration.api.sealed import NotSealed, seal, unseal

CURSOR_PARAMETER: Final = "cursor"
LIMIT_PARAMETER: Final = "limit"
MAX_PAGE_SIZE: Final = 200
"""Rows. Reading them takes a part of a second, so that others are served in between."""
LIMIT_HELP: Final = f"Give a whole number from 1 to {MAX_PAGE_SIZE}."
# No other script's digits, no sign and no underscore, which int() reads.
WHOLE_NUMBER: Final = re.compile("[0-9]{1,9}")
FORWARD, BACKWARD = "+", "-"

CursorPosition = list[Any]
"""Where a page begins: the values of the ordering columns of the row before it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that a client asks for: up to `limit` rows, forward or backward from a position."""

    request: Request
    limit: int
    forward_from: CursorPosition | None = None
    backward_from: CursorPosition | None = None

    def links(
        self, forward_from: CursorPosition | None, backward_from: CursorPosition | None
    ) -> dict[str, str | None]:
        """Return the URLs of the neighbouring pages, which begin at these positions."""
        return {
            "next": self._url(FORWARD, forward_from),
            "previous": self._url(BACKWARD, backward_from),
        }

    def _url(self, direction: str, position: CursorPosition | None) -> str | None:
        if position is None:
            return None
        values = [value.isoformat() if isinstance(value, date) else value for value in position]
        cursor = seal([direction, *values], _list_of(self.request))
        return str(replace_query_param(self.request.build_absolute_uri(), CURSOR_PARAMETER, cursor))


def _list_of(request: Request) -> str:
    """Return the list that a cursor is for: no other list, filter or business takes it."""
    business_id = getattr(request.auth, "business_id", None)
    filters = sorted(
        (name, value)
        for name, value in request.query_params.items()
        if name not in {CURSOR_PARAMETER, LIMIT_PARAMETER}
    )
    return f"{request.path} of {business_id} {urlencode(filters)}"


class KeysetPagination(CursorPagination):
    """Keyset pagination over the view's `ordering`, by default newest first.

    The ordering columns together must be unique. DRF's own cursor pagination skips rows that share
    the first column by offset, and loses rows after 1,000 of one day.
    """

    page_size = 50
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = LIMIT_PARAMETER

    def get_page_size(self, request: Request) -> int:
        """Return the `limit` of the query. Raises ValidationError unless it is a whole number."""
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        limit = int(text) if WHOLE_NUMBER.fullmatch(text) else 0
        if not 1 <= limit <= self.max_page_size:
            raise ValidationError({self.page_size_query_param: [LIMIT_HELP]}, "invalid")
        return limit

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Return the parameters, with the smallest and the largest limit."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size}
        return parameters

    def page_request(self, request: Request) -> PageRequest:
        """Return the requested page. Raises NotFound if the cursor is not one of ours."""
        limit = self.get_page_size(request)
        cursor = request.query_params.get(CURSOR_PARAMETER)
        if not cursor:
            return PageRequest(request, limit)
        try:
            direction, *position = unseal(cursor, _list_of(request))
        except NotSealed as error:
            raise NotFound(
                "This cursor is not valid here. Follow the URLs in next and previous."
            ) from error
        return (
            PageRequest(request, limit, forward_from=position)
            if direction == FORWARD
            else PageRequest(request, limit, backward_from=position)
        )

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        page, columns = self.page_request(request), tuple(getattr(view, "ordering", ("-pk",)))
        position = page.backward_from or page.forward_from
        ordering = tuple(map(_reversed, columns)) if page.backward_from else columns
        queryset = queryset.order_by(*ordering)
        if position is not None:
            queryset = queryset.filter(_beyond(ordering, position))
        rows = list(queryset[: page.limit + 1])
        has_more, rows = len(rows) > page.limit, rows[: page.limit]
        if page.backward_from:
            rows.reverse()
        has_next = rows and (has_more or page.backward_from)
        has_previous = rows and (page.forward_from or (has_more and page.backward_from))
        self.links = page.links(
            _position_of(columns, rows[-1]) if has_next else None,
            _position_of(columns, rows[0]) if has_previous else None,
        )
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.links, "results": data})


def _reversed(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _position_of(columns: Sequence[str], row: Any) -> CursorPosition:
    return [getattr(row, column.removeprefix("-")) for column in columns]


def _beyond(ordering: Sequence[str], position: CursorPosition) -> Q:
    """Return the condition (a, b) < (x, y) for the rows beyond a position.

    It also bounds the first column alone, so that PostgreSQL uses an index on it.
    """
    beyond = Q()
    for column, value in reversed(list(zip(ordering, position, strict=True))):
        name, sign = column.removeprefix("-"), "lt" if column.startswith("-") else "gt"
        beyond = Q(**{f"{name}__{sign}": value}) | (Q(**{name: value}) & beyond if beyond else Q())
    first = ordering[0]
    return beyond & Q(
        **{f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}": position[0]}
    )
