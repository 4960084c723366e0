"""What every view has in common: whose data it shows, and that a call is done as a whole and a POST can be repeated."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from customers.models import Business
from smrt_integration.api.errors import LengthRequired
from smrt_integration.api.fields import not_found_message
from smrt_integration.api.idempotency import run_once
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client

PAGINATION_PARAMETERS = ("limit", "cursor")


class BusinessViewSet(GenericViewSet[Any]):
    """Rows of the key's business, known by their UUID; another business's row is not found."""

    area: ClassVar[str | None]
    business_path: ClassVar[str] = "business"
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # by what the body of this one call refers to
        self.found: dict[tuple[type[Model], UUID], Model | None] = {}

    @property
    def key(self) -> ApiKey:
        key: ApiKey = self.request.auth  # type: ignore[assignment]
        return key

    @property
    def business(self) -> Business:
        return self.key.business

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(**{self.business_path: self.business})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Once it is clear that the caller may do this."""
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired
        if getattr(self, "action", None) == "list":
            self._refuse_unknown(request.query_params)
        method = (request.method or "").lower()
        if request.method not in SAFE_METHODS and hasattr(self, method):
            setattr(self, method, partial(_run_atomically, getattr(self, method)))

    def _refuse_unknown(self, asked: Mapping[str, str]) -> None:
        """A filter that is written wrong would answer everything."""
        known = [*self.filters(), *PAGINATION_PARAMETERS]
        unknown = sorted(asked.keys() - set(known))
        if unknown:
            raise ValidationError(
                {
                    name: [f"There is no such filter here. There are {', '.join(known)}."]
                    for name in unknown
                }
            )

    def filters(self) -> list[str]:
        """The names of what this list can be narrowed by."""
        found: Any = getattr(self, "filterset_class", None)
        return [*found.get_filters()] if found else [*getattr(self, "filterset_fields", ())]

    def get_object(self) -> Any:
        try:
            return super().get_object()
        except Http404 as error:
            raise NotFound(not_found_message(self.get_queryset().model)) from error

    def only(self, client: Client, otherwise: str) -> None:
        """Raises PermissionDenied for keys of other clients."""
        if self.key.client != client:
            raise PermissionDenied(otherwise)

    def given(self, shape: "type[Serializer[Any]]", said: Any = None) -> dict[str, Any]:
        """What is said, by default in the body, in this shape. Raises ValidationError, which names the field."""
        serializer = shape(
            data=self.request.data if said is None else said, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def answer(self, row: Model, status: int = 200) -> Response:
        """The row as it now is, in the shape in which it is read."""
        return self.shown(self.get_queryset().get(pk=row.pk), status)

    def shown(self, row: Model, status: int = 200) -> Response:
        """The row as it is at hand."""
        shape: Any = self.get_serializer_class()
        return Response(_shared_serializer(shape).to_representation(row), status)


@cache
def _shared_serializer(shape: Callable[[], Any]) -> Any:
    """For all answers: to build the fields of a shape takes longer than to read a row by them, and reading changes nothing of it."""
    return shape()


def _run_atomically(
    handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
) -> Response:
    """All of it is done or nothing; of a POST that is repeated, once."""
    if request.method == "POST":
        return run_once(request, lambda: handler(request, *args, **kwargs))
    with transaction.atomic():
        return handler(request, *args, **kwargs)
