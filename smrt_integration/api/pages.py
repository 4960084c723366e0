"""Pages by cursor: a list that grows while it is read shows nothing twice and skips nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

Where = TypeVar("Where")


class Pages(CursorPagination):
    """Newest first, unless the view says otherwise with `ordering`, which must name unique columns together."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def get_ordering(self, request: Request, queryset: Any, view: APIView) -> tuple[str, ...]:
        ordering: tuple[str, ...] = getattr(view, "ordering", ("-pk",))
        return ordering


@dataclass(frozen=True, slots=True)
class Asked(Generic[Where]):
    """What a caller asks for: up to `most` rows `onward` from a place or, against the list's order, `back` from one."""

    request: Request
    most: int
    onward: Where | None = None
    back: Where | None = None

    def answer(self, shape: type[Serializer[Any]], rows: Sequence[Any], onward: Where | None, back: Where | None) -> Response:
        """The rows, with where the pages next to them begin; None where there is none."""
        ends = {"next": self._address("+", onward), "previous": self._address("-", back)}
        return Response({**ends, "results": shape(rows, many=True).data})

    def _address(self, way: str, where: Where | None) -> str | None:
        if where is None:
            return None
        cursor = urlsafe_b64encode(f"{way}{where}".encode()).decode()
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor))


class KeysetPages(Pages):
    """For lists whose rows do not come from a queryset: they bring their own place in the list."""

    @classmethod
    def asked(cls, request: Request, place: Callable[[str], Where | None]) -> Asked[Where]:
        """`place` reads what the list made of a place. Raises NotFound for a cursor that we did not make."""
        pages = cls()
        most, cursor = pages.get_page_size(request) or pages.page_size, request.query_params.get(cls.cursor_query_param)
        if not cursor:
            return Asked(request, most)
        way, where = cls._read(cursor, place)
        if where is None or way not in {"+", "-"}:
            raise NotFound(cls.invalid_cursor_message)
        return Asked(request, most, onward=where) if way == "+" else Asked(request, most, back=where)

    @staticmethod
    def _read(cursor: str, place: Callable[[str], Where | None]) -> tuple[str, Where | None]:
        try:
            text = urlsafe_b64decode(cursor.encode()).decode()
            return text[:1], place(text[1:])
        except ValueError:
            return "", None
