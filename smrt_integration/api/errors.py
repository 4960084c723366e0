"""The errors of the API, whatever raised them, as responses of one shape (see `error_body`)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    UnreadablePostError,
)
from django.shortcuts import render
from psycopg.errors import ForeignKeyViolation
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    NotFound,
    ParseError,
    PermissionDenied,
    ValidationError,
)
from rest_framework.views import exception_handler

from customers.errors import ActionRefused
from smrt_integration import unavailable
from smrt_integration.api.error_body import ErrorDict, error_response, errors_in
from smrt_integration.api.error_body import error as error_of
from smrt_integration.api.error_codes import CONFLICT_CODES, is_conflict
from smrt_integration.api.parsers import RequestTooLarge

API_PATHS: Final = "/api/"
"""Errors under these paths are JSON, also where no view of the API was reached."""


class Conflict(APIException):
    """The request is valid, but not in the present state of the records. `code` never changes."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, message: str, code: str, field: str | None = None) -> None:
        super().__init__(message, code)
        if field is not None:
            self.detail = {field: [ErrorDetail(message, code)]}


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
            "with the same Idempotency-Key."
        )


def as_api_error(refusal: ActionRefused) -> APIException:
    """Return a 409 if the refusal is about the records' state, otherwise a 400."""
    if is_conflict(refusal.code, refusal.field):
        return Conflict(refusal.message, refusal.code, refusal.field)
    return ValidationError(
        {refusal.field: [refusal.message]} if refusal.field else refusal.message, refusal.code
    )


@contextmanager
def as_conflict(argument: str) -> Iterator[None]:
    """Turn a refusal of `argument` into a 409, because the URL and not the body names it."""
    try:
        yield
    except ActionRefused as refusal:
        if refusal.field != argument:
            raise
        raise Conflict(refusal.message, refusal.code) from refusal


def api_exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the response to DRF's errors and ours. Other exceptions become a 500."""
    error = _as_drf_error(error)
    # it also rolls back, and has the headers
    response = exception_handler(error, context)
    if response is None or not isinstance(error, APIException):
        return None
    errors = errors_in(error.detail)
    return error_response(
        errors,
        409 if _is_about_state(error, errors) else response.status_code,
        {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
    )


def _is_about_state(error: APIException, errors: list[ErrorDict]) -> bool:
    """Return whether nothing but the records' state is wrong, as with a name that is taken."""
    return isinstance(error, ValidationError) and all(
        each["code"] in CONFLICT_CODES for each in errors
    )


DELETED_MEANWHILE: Final = "A record that this call names was deleted in the meantime."
KEPT_HEADERS: Final = ("WWW-Authenticate", "Retry-After")


def _as_drf_error(error: Exception) -> Exception:
    if isinstance(error, ActionRefused):
        return as_api_error(error)
    if isinstance(error, (SuspiciousOperation, UnreadablePostError)):
        return ParseError(CANNOT_BE_READ, "bad_request")
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return PermissionDenied()
    if isinstance(error.__cause__, ForeignKeyViolation):
        return Conflict(DELETED_MEANWHILE, "gone")
    return DatabaseUnavailable(error) if unavailable.is_unavailable(error) else error


def refusal_errors(refusal: ActionRefused) -> list[ErrorDict]:
    """Return the errors of a refusal, for one record of a bulk call."""
    return errors_in(as_api_error(refusal).detail)


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
    if not request.path.startswith(API_PATHS):
        if unavailable.is_unavailable(error):
            return unavailable.unavailable_page(request, error)
        return internal_error_page()
    if unavailable.is_unavailable(error):
        problem = DatabaseUnavailable(error)
        return error_response(
            errors_in(problem.detail), problem.status_code, {"Retry-After": str(problem.wait)}
        )
    return error_response([error_of("internal_error", OUR_FAULT)], 500)


OUR_FAULT: Final = "Something went wrong on our side and nothing was changed. Please try again."
CANNOT_BE_READ: Final = "This request cannot be read."
UNKNOWN_PATH: Final = "Unknown path. See /api/v1/docs for all paths."


def too_large_response() -> HttpResponse:
    return error_response(errors_in(RequestTooLarge().detail), RequestTooLarge.status_code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return a 400 from Django's `handler400`, without a template.

    Django's page first looks for a CSRF token in the form. If the form cannot be read, that fails
    again, and the response would be a 500.
    """
    if request.path.startswith(API_PATHS):
        return error_response([error_of("bad_request", CANNOT_BE_READ)], 400)
    return HttpResponseBadRequest(CANNOT_BE_READ, content_type="text/plain")
