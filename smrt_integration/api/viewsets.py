"""The base of every viewset: rows of the key's business, all-or-nothing and repeatable calls."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.viewsets import GenericViewSet

from customers.models import Business
from customers.models.tenant import BelongsToBusiness, BelongsToCustomer
from smrt_integration.api.errors import LengthRequired
from smrt_integration.api.etags import (
    ChangedMeanwhile,
    etag_of,
    is_strong_match,
    is_weak_match,
    tags_in,
)
from smrt_integration.api.fields import StrictSerializer, not_found_message
from smrt_integration.api.idempotency import run_once
from smrt_integration.api.models import ApiKey
from smrt_integration.api.query import refuse_query
from smrt_integration.api.scopes import Client
from smrt_integration.api.sent_back import changed_parts


class NoFieldsSerializer(StrictSerializer):
    """The body of a call that takes none, or an empty object."""


PAGINATION_PARAMETERS = ("limit", "cursor")


class BusinessViewSet(GenericViewSet[Any]):
    """Rows of the key's business, by UUID. Rows of other businesses are not found."""

    area: ClassVar[str | None]
    business_path: ClassVar[str] = "business"
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.if_match: list[str] | None = None
        self.if_none_match: list[str] | None = None
        self.present_etag: str | None = None
        # rows that the body refers to, each read once per request
        self.references: dict[tuple[type[Model], UUID], Model | None] = {}

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
        """Reject what no view accepts, after authentication, permission and throttle.

        Wraps the handler of an unsafe method so that it runs in one transaction.
        """
        super().initial(request, *args, **kwargs)
        self.if_match = tags_in(request, "If-Match")
        self.if_none_match = tags_in(request, "If-None-Match")
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired
        refuse_query(request.query_params, self.query_names())
        method = (request.method or "").lower()
        if request.method not in SAFE_METHODS and hasattr(self, method):
            setattr(self, method, partial(self._run_atomically, getattr(self, method)))

    def _run_atomically(
        self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """Run the handler in one transaction; a repetition with its Idempotency-Key runs once."""

        def handle() -> Response:
            self._refuse_changed_meanwhile()
            return handler(request, *args, **kwargs)

        return run_once(request, handle)

    def _refuse_changed_meanwhile(self) -> None:
        """Raise ChangedMeanwhile unless the record is as If-Match says. Locks the record."""
        if self.if_match is None:
            return
        self.present_etag = etag_of(self._locked_data()) if self._is_about_one() else None
        if not is_strong_match(self.if_match, self.present_etag):
            raise ChangedMeanwhile

    def _is_about_one(self) -> bool:
        """Return whether the path names one record that GET returns."""
        # None for the paths of a business's only record, which the router does not know
        return hasattr(self, "retrieve") and self.detail is not False

    def _locked_data(self) -> Any:
        """Return the record as GET returns it, locked until the transaction ends."""
        if issubclass(self.get_queryset().model, BelongsToBusiness):
            record = self.get_object()
            if isinstance(record, BelongsToCustomer):
                record.lock_with_customer()
            else:
                record.lock()
        action, self.action = self.action, "retrieve"
        try:
            retrieve: Any = self.retrieve  # type: ignore[attr-defined]
            lookup = self.lookup_url_kwarg or self.lookup_field
            named = {lookup: self.kwargs[lookup]} if lookup in self.kwargs else {}
            return retrieve(self.request, **named).data
        finally:
            self.action = action

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the record's ETag, and answer If-None-Match."""
        if response.status_code == ChangedMeanwhile.status_code and self.present_etag:
            response.headers["ETag"] = self.present_etag
        data = getattr(response, "data", None)
        is_record = isinstance(data, Mapping) and (self._is_about_one() or self.action == "create")
        if is_record and response.status_code in {200, 201}:
            response = self._with_etag(request, response, etag_of(data))
        return super().finalize_response(request, response, *args, **kwargs)

    def _with_etag(self, request: Request, response: Response, etag: str) -> Response:
        if request.method in {"GET", "HEAD"} and is_weak_match(self.if_none_match or [], etag):
            response = Response(status=304)
        response.headers["ETag"] = etag
        return response

    def query_names(self) -> list[str]:
        """Return the names that the query may have: none, except in a list."""
        if getattr(self, "action", None) != "list":
            return []
        pages = PAGINATION_PARAMETERS if self.pagination_class else ()
        return [*self.filter_names(), *pages]

    def filter_names(self) -> list[str]:
        filterset: Any = getattr(self, "filterset_class", None)
        if filterset:
            return [*filterset.get_filters()]
        return [*getattr(self, "filterset_fields", ())]

    def get_object(self) -> Any:
        try:
            return super().get_object()
        except Http404 as error:
            raise NotFound(not_found_message(self.get_queryset().model)) from error

    def require_client(self, client: Client, detail: str) -> None:
        """Raise PermissionDenied with `detail` if the key belongs to another client."""
        if self.key.client != client:
            raise PermissionDenied(detail)

    def validated(
        self, serializer_class: "type[Serializer[Any]]", data: Any = None
    ) -> dict[str, Any]:
        """Return the validated request body, or `data`. Raises ValidationError."""
        serializer = serializer_class(
            data=self.request.data if data is None else data, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def changes(self, serializer_class: "type[BaseSerializer[Any]]", record: Any) -> Any:
        """Return a validated serializer with what differs from the record as it is shown.

        Raises ValidationError also for a field that cannot be set and differs.
        """
        body = self.request.data
        if isinstance(body, Mapping):
            reader: Any = getattr(serializer_class, "reader", None) or serializer_class
            body = changed_parts(_shared_serializer(reader), record, body)
        serializer = serializer_class(
            record, data=body, partial=True, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return serializer

    def expect_no_body(self) -> None:
        """Raise ValidationError if the body has fields: ignoring them would hide a mistake."""
        self.validated(NoFieldsSerializer)

    def respond_reloaded(self, row: Model, status: int = 200) -> Response:
        """Return the row as it is now in the database."""
        return self.respond(self.get_queryset().get(pk=row.pk), status)

    def respond(self, row: Model, status: int = 200) -> Response:
        """Return the row as it is in memory."""
        serializer_class: Any = self.get_serializer_class()
        return Response(_shared_serializer(serializer_class).to_representation(row), status)


@cache
def _shared_serializer(serializer_class: Callable[[], Any]) -> Any:
    """Return one instance for all responses.

    Building a serializer's fields takes longer than reading a row with them, and reading a row
    does not change the serializer.
    """
    return serializer_class()
