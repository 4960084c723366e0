"""Pages by cursor: a list that grows while it is read shows nothing twice and skips nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

CURSOR_PARAMETER: Final = "cursor"
FORWARD, BACKWARD = "+", "-"

CursorPosition = list[Any]
"""Where a page begins: plain values of the row before it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asks for: up to `most` rows `onward` from a place or, against the list's order, `back` from one."""

    request: Request
    most: int
    onward: CursorPosition | None = None
    back: CursorPosition | None = None

    def links(
        self, onward: CursorPosition | None, back: CursorPosition | None
    ) -> dict[str, str | None]:
        """The addresses of the pages next to this one, which begin at these places; None where there is none."""
        return {"next": self._address(FORWARD, onward), "previous": self._address(BACKWARD, back)}

    def _address(self, way: str, place: CursorPosition | None) -> str | None:
        if place is None:
            return None
        values = [value.isoformat() if isinstance(value, date) else value for value in place]
        cursor = signing.dumps([way, *values], salt=_cursor_salt(self.request))
        return str(replace_query_param(self.request.build_absolute_uri(), CURSOR_PARAMETER, cursor))


def _cursor_salt(request: Request) -> str:
    """Signed, so that what comes back is a place in this very list and nothing else."""
    return f"smrt_integration.api.pagination {request.path}"


class KeysetPagination(CursorPagination):
    """Newest first, unless the view says otherwise with `ordering`. Its columns must name one row together.

    In place of DRF's own pages, which count rows of the same first column off and lose themselves after a thousand of a day.
    """

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def asked(self, request: Request) -> PageRequest:
        """Raises NotFound for a cursor that we did not make."""
        most, cursor = (
            self.get_page_size(request) or self.page_size,
            request.query_params.get(CURSOR_PARAMETER),
        )
        if not cursor:
            return PageRequest(request, most)
        try:
            way, *place = signing.loads(cursor, salt=_cursor_salt(request))
        except signing.BadSignature as error:
            raise NotFound(
                "There is no page at this cursor. Follow the addresses under next and previous."
            ) from error
        return (
            PageRequest(request, most, onward=place)
            if way == FORWARD
            else PageRequest(request, most, back=place)
        )

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        asked, columns = self.asked(request), tuple(getattr(view, "ordering", ("-pk",)))
        place = asked.back or asked.onward
        order = tuple(map(_reversed, columns)) if asked.back else columns
        rows: QuerySet[Any] = queryset.order_by(*order)
        if place is not None:
            rows = rows.filter(_beyond(order, place))
        found = list(rows[: asked.most + 1])
        more, found = len(found) > asked.most, found[: asked.most]
        if asked.back:
            found.reverse()
        onward = found and (more or asked.back)
        back = found and (asked.onward or (more and asked.back))
        self.links = asked.links(
            _position_of(columns, found[-1]) if onward else None,
            _position_of(columns, found[0]) if back else None,
        )
        return found

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.links, "results": data})


def _reversed(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _position_of(columns: Sequence[str], row: Any) -> CursorPosition:
    return [getattr(row, column.removeprefix("-")) for column in columns]


def _beyond(order: Sequence[str], place: CursorPosition) -> Q:
    """The rows behind the place, as (a, b) < (x, y). The first column is bounded by itself too, so that an index of it is used."""
    behind = Q()
    for column, value in reversed(list(zip(order, place, strict=True))):
        name, sign = column.removeprefix("-"), "lt" if column.startswith("-") else "gt"
        behind = Q(**{f"{name}__{sign}": value}) | (Q(**{name: value}) & behind if behind else Q())
    first = order[0]
    return behind & Q(
        **{f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}": place[0]}
    )
