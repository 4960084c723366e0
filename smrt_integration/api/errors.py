"""Errors in Django REST framework's format: sentences under a field's name or under `detail`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import server_error
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from customers.errors import ActionRefused


class Conflict(APIException):
    """The request is valid, but not in the present state of the records. `code` never changes."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, code)
        self.detail = {"detail": ErrorDetail(message, code), "code": ErrorDetail(code, code)}


class LengthRequired(APIException):
    """A body without Content-Length.

    Django would read it as an empty body, and an empty body can mean "all items".
    """

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send a Content-Length header instead of Transfer-Encoding: chunked."
    default_code = "length_required"


def as_api_error(refusal: ActionRefused) -> APIException:
    """Return a 400 if the refusal names a field, otherwise a 409 about the records' state."""
    if refusal.field is not None:
        return ValidationError({refusal.field: [refusal.message]}, refusal.code)
    return Conflict(refusal.message, refusal.code)


@contextmanager
def as_conflict(argument: str) -> Iterator[None]:
    """Turn a refusal of `argument` into a 409, because the URL and not the body names it."""
    try:
        yield
    except ActionRefused as refusal:
        if refusal.field != argument:
            raise
        raise Conflict(refusal.message, refusal.code) from refusal


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Handle ActionRefused as DRF handles its own exceptions. Other exceptions become a 500."""
    return exception_handler(
        as_api_error(error) if isinstance(error, ActionRefused) else error, context
    )


def internal_error(request: HttpRequest) -> HttpResponse:
    """Return JSON from Django's `handler500` for the API, and Django's page elsewhere."""
    if not request.path.startswith("/api/"):
        return server_error(request)
    return JsonResponse(
        {"detail": "Something went wrong on our side and nothing was changed. Please try again."},
        status=500,
    )
