"""Pagination by cursor: a list that grows while it is read repeats and skips no row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from smrt_integration.api.bounded_pages import MOST_SCANNED, looked_at
from smrt_integration.api.sealed import NotSealed, seal, unseal

CURSOR_PARAMETER: Final = "cursor"
LIMIT_PARAMETER: Final = "limit"
MAX_PAGE_SIZE: Final = 200
"""Rows. Reading them takes a part of a second, so that others are served in between."""
LIMIT_HELP: Final = f"Give a whole number from 1 to {MAX_PAGE_SIZE}."
# No other script's digits, no sign and no underscore, which int() reads.
WHOLE_NUMBER: Final = re.compile("[0-9]{1,9}")
FOUND_BY: Final = frozenset({"search", "name"})
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
        last = _last_looked_at(looked_at(view, request), ordering, position)
        if last is not None:
            queryset = queryset.filter(_bound(ordering, last, until=True))
            queryset = queryset.exclude(_beyond(ordering, last))
        rows = _read(queryset, view, request, page.limit + 1)
        has_more, rows = len(rows) > page.limit, rows[: page.limit]
        positions = [_position_of(columns, row) for row in rows]
        # where the next page in this direction begins, and the way back
        on = positions[-1] if has_more else last
        back = positions[0] if positions else last
        if page.backward_from:
            rows.reverse()
            self.links = page.links(back, on)
        else:
            self.links = page.links(on, back if page.forward_from else None)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.links, "results": data})


def _reversed(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _position_of(columns: Sequence[str], row: Any) -> CursorPosition:
    return [getattr(row, column.removeprefix("-")) for column in columns]


def _read(rows: QuerySet[Any], view: Any, request: Request, most: int) -> list[Any]:
    """Return the first rows.

    Of the rows that a search found, first all ids are read. With a limit, PostgreSQL might read all
    rows of the business in the order of the list until it has enough of them.
    """
    if not FOUND_BY.intersection(request.query_params):
        return [*rows[:most]]
    ids = [*rows.values_list("pk", flat=True)][:most]
    return [*view.get_queryset().filter(pk__in=ids).order_by(*rows.query.order_by)]


def _last_looked_at(
    rows: QuerySet[Any] | None, ordering: Sequence[str], position: CursorPosition | None
) -> CursorPosition | None:
    """Return the position of the last row that a page looks at, or None if it is the last row."""
    if rows is None:
        return None
    if position is not None:
        rows = rows.filter(_beyond(ordering, position))
    columns = [column.removeprefix("-") for column in ordering]
    places = rows.order_by(*ordering).values_list(*columns)[MOST_SCANNED - 1 : MOST_SCANNED + 1]
    last, *more = [*places] or [()]
    return [*last] if more else None


def _beyond(ordering: Sequence[str], position: CursorPosition) -> Q:
    """Return the condition (a, b) < (x, y) for the rows beyond a position.

    It also bounds the first column alone, so that PostgreSQL uses an index on it.
    """
    beyond = Q()
    for column, value in reversed(list(zip(ordering, position, strict=True))):
        name, sign = column.removeprefix("-"), "lt" if column.startswith("-") else "gt"
        beyond = Q(**{f"{name}__{sign}": value}) | (Q(**{name: value}) & beyond if beyond else Q())
    return beyond & _bound(ordering, position)


def _bound(ordering: Sequence[str], position: CursorPosition, *, until: bool = False) -> Q:
    """Return the condition on the first column of the rows from a position on, or until it."""
    is_descending = ordering[0].startswith("-")
    comparison = "lte" if is_descending != until else "gte"
    return Q(**{f"{ordering[0].removeprefix('-')}__{comparison}": position[0]})
