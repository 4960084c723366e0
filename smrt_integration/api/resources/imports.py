"""Imports: a file of customers, of any size, and how far its lines are imported."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.mixins import RetrieveModelMixin
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from customers.errors import ActionRefused
from smrt_integration.api.errors import as_api_error
from smrt_integration.api.idempotency import REPLAYED_HEADER, run_once
from smrt_integration.api.parsers import CsvUploadParser, NdjsonUploadParser, Upload
from smrt_integration.api.throttles import TooManyAtOnce
from smrt_integration.api.uploads import TooManyUploads, is_upload, upload_turn
from smrt_integration.api.viewsets import BusinessViewSet
from smrt_integration.exports.download import limit_time
from smrt_integration.imports import control
from smrt_integration.imports.create_import import add_and_start, keep_import
from smrt_integration.imports.fields import FIELDS
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.results import refused_lines_csv

STATE_HELP: Final = (
    "columns: it waits until an owner has assigned its columns in the admin. waiting: a worker "
    "begins soon. running. paused, canceled: by a call or by an owner. finished. failed: see "
    "failure."
)
COLUMNS_HELP: Final = (
    "Which field each heading of the file means, as a JSON object: "
    '`{"Customer No.": "external_id", "Notes": ""}`. Empty: the column is not read. A heading that '
    "is left out is not read either. Without this parameter, headings are recognized. The fields "
    f"are: {', '.join(field.name for field in FIELDS)}, and custom_fields.NAME."
)
NOT_AN_OBJECT: Final = (
    'Write a JSON object of texts, such as {"Customer No.": "external_id", "Notes": ""}.'
)
DRY_RUN_PARAMETER = OpenApiParameter(
    "dry_run",
    OpenApiTypes.BOOL,
    description="true: only check the file, and change nothing. The counts say what would happen.",
)
COLUMNS_PARAMETER = OpenApiParameter("columns", OpenApiTypes.STR, description=COLUMNS_HELP)
FILES: Final[dict[Any, Any]] = {
    "application/x-ndjson": OpenApiTypes.BINARY,
    "text/csv": OpenApiTypes.BINARY,
}


class ImportSerializer(serializers.ModelSerializer[CustomerImport]):
    """An import of customers, and how far it is."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    state = serializers.ChoiceField(CustomerImport.State.choices, help_text=STATE_HELP)
    dry_run = serializers.BooleanField(
        source="is_dry_run", help_text="Whether it only checks the file."
    )
    columns = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="The field of each heading. Empty: the column is not read.",
    )
    percent = serializers.IntegerField(
        min_value=0, max_value=100, help_text="How much of the file was read."
    )
    created_at = serializers.DateTimeField(source="requested_at")

    class Meta:
        model = CustomerImport
        fields = (
            "id",
            "state",
            "dry_run",
            "kind",
            "columns",
            "percent",
            "lines",
            "created",
            "updated",
            "unchanged",
            "refused",
            "probable_duplicates",
            "failure",
            "created_at",
            "started_at",
            "ended_at",
        )
        read_only_fields = fields


class CsvRenderer(BaseRenderer):
    """Lets a client accept CSV. The view itself writes it."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return b""


class ImportViewSet(RetrieveModelMixin, BusinessViewSet):
    """Imports of customers whom the business had before. They make no events."""

    area = "customers"
    queryset = CustomerImport.objects.all()
    serializer_class = ImportSerializer

    def get_parsers(self) -> list[Any]:
        # DRF asks before it sets the action. The schema asks without a request.
        request = getattr(self, "request", None)
        if request is not None and is_upload(request.method, request.path):
            return [NdjsonUploadParser(), CsvUploadParser()]
        return super().get_parsers()

    def query_names(self) -> list[str]:
        return ["dry_run", "columns"] if self.action == "create" else []

    @extend_schema(
        request=FILES,
        parameters=[DRY_RUN_PARAMETER, COLUMNS_PARAMETER],
        responses={201: ImportSerializer},
    )
    def create(self, request: Request) -> Response:
        """Import a file of customers, and start at once.

        The body is the file: CSV with headings, or NDJSON, a JSON object in each line. It may have
        any size. Each line needs an `external_id`: a customer who has it is changed, otherwise a
        customer is created. Importing the same file again changes nothing. No events are recorded.
        A repetition with the same Idempotency-Key has the same file and parameters.
        """
        dry_run, columns = self._options(request)
        upload = request.data
        if not isinstance(upload, Upload):
            raise ParseError("The body is empty. Send the file as the body.", "empty")
        with _about_the_body():
            kept = self._keep(upload, dry_run=dry_run, columns=columns)
        try:
            with _about_the_body():
                response = run_once(request, lambda: self._add(kept))
        except APIException:
            kept.file.delete(save=False)
            raise
        if REPLAYED_HEADER in response.headers:
            kept.file.delete(save=False)
        return response

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, **kwargs: Any) -> Response:
        """Pause the import. What was imported stays."""
        return self._control(control.pause)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **kwargs: Any) -> Response:
        """Resume an import that was paused or has failed, at the line where it ended."""
        return self._control(control.resume)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """End the import for good. What was imported stays."""
        return self._control(control.cancel)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"], renderer_classes=[CsvRenderer, JSONRenderer])
    def refused(self, request: Request, **kwargs: Any) -> StreamingHttpResponse:
        """Download the refused lines so far as CSV, each with its number and the reason.

        They are kept for a day. Corrected, the file can be imported.
        """
        customer_import = self.get_object()
        limit_time(request.META)
        return StreamingHttpResponse(
            refused_lines_csv(customer_import),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="refused.csv"'},
        )

    def _run_atomically(
        self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """Leave the transaction to `create`: a file may take minutes to arrive."""
        if self.action != "create":
            return super()._run_atomically(handler, request, *args, **kwargs)
        self._refuse_changed_meanwhile()
        return handler(request, *args, **kwargs)

    def _options(self, request: Request) -> tuple[bool, dict[str, str] | None]:
        query = request.query_params
        dry_run = query.get("dry_run", "false")
        if dry_run not in {"true", "false"}:
            raise ValidationError({"dry_run": ["Write true or false."]}, "invalid")
        return dry_run == "true", _columns_in(query["columns"]) if "columns" in query else None

    def _keep(
        self, upload: Upload, *, dry_run: bool, columns: dict[str, str] | None
    ) -> CustomerImport:
        name = f"customers.{upload.kind}"
        try:
            with upload_turn(self.request.META):
                file: Any = upload
                return keep_import(
                    self.business, file, name, upload.kind, self.key, dry_run, columns
                )
        except TooManyUploads as error:
            raise TooManyAtOnce from error

    def _add(self, kept: CustomerImport) -> Response:
        add_and_start(kept)
        return self.respond(kept, 201)

    def _control(self, change: Callable[[CustomerImport], None]) -> Response:
        self.expect_no_body()
        customer_import = self.get_object()
        change(customer_import)
        return self.respond(customer_import)


def _columns_in(text: str) -> dict[str, str]:
    try:
        columns = json.loads(text)
    except (ValueError, RecursionError):
        columns = None
    if not isinstance(columns, dict) or not all(isinstance(v, str) for v in columns.values()):
        raise ValidationError({"columns": [NOT_AN_OBJECT]}, "invalid")
    return columns


@contextmanager
def _about_the_body() -> Iterator[None]:
    """Turn refusals into errors of the API. One of the file is about the body as a whole."""
    try:
        yield
    except ActionRefused as refusal:
        if refusal.field == "file":
            refusal.field = None
        raise as_api_error(refusal) from refusal
