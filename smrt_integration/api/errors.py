"""Errors in Django REST framework's format: sentences under a field's name or under `detail`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from customers.errors import ActionRefused
from smrt_integration import unavailable
from smrt_integration.api.parsers import RequestTooLarge


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


class DatabaseUnavailable(APIException):
    """The database kept the request waiting for too long, or is away."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    wait = unavailable.UNAVAILABLE_FOR_SECONDS
    """Seconds, which DRF sends as Retry-After."""

    def __init__(self, error: BaseException | None) -> None:
        unavailable.log_unavailable(error)
        super().__init__(
            f"{unavailable.problem(error)} Repeat the request after {self.wait} seconds, "
            "a POST with the same Idempotency-Key."
        )


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
    """Handle our errors as DRF handles its own exceptions. Other exceptions become a 500."""
    if isinstance(error, ActionRefused):
        error = as_api_error(error)
    elif isinstance(error, RequestDataTooBig):
        error = RequestTooLarge()
    elif unavailable.is_unavailable(error):
        error = DatabaseUnavailable(error)
    return exception_handler(error, context)


def internal_error_page() -> HttpResponse:
    """Render a page for owners and customers alike, without a query."""
    context = {"site_name": "SMRT", "is_reported": bool(settings.ERROR_EMAILS)}
    response = render(None, "smrt/internal_error.html", context, status=500)
    response.headers["Cache-Control"] = "no-store"
    return response


def internal_error(request: HttpRequest) -> HttpResponse:
    """Return JSON from Django's `handler500` for the API, and a page elsewhere.

    An error in middleware passes no other handler.
    """
    error = sys.exception()
    if not request.path.startswith("/api/"):
        if unavailable.is_unavailable(error):
            return unavailable.unavailable_page(request, error)
        return internal_error_page()
    if unavailable.is_unavailable(error):
        problem = DatabaseUnavailable(error)
        return JsonResponse(
            {"detail": problem.detail}, status=503, headers={"Retry-After": str(problem.wait)}
        )
    return JsonResponse(
        {"detail": "Something went wrong on our side and nothing was changed. Please try again."},
        status=500,
    )
