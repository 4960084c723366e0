"""Errors in Django REST framework's shape: the field's name with sentences, or `detail`."""

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
    """The call makes sense, but not in the present state of the records. `code` is stable, for programs."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, code)
        self.detail = {"detail": ErrorDetail(message, code), "code": ErrorDetail(code, code)}


class LengthRequired(APIException):
    """Django reads no body whose length is not told, so it would be taken for an empty one, which may mean everything."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = (
        "Say how long the body is: send Content-Length instead of Transfer-Encoding: chunked."
    )
    default_code = "length_required"


def as_api_error(refusal: ActionRefused) -> APIException:
    """A refusal that names an argument is about the call, another one about the state of the records."""
    if refusal.field is not None:
        return ValidationError({refusal.field: [refusal.message]}, refusal.code)
    return Conflict(refusal.message, refusal.code)


@contextmanager
def as_conflict(argument: str) -> Iterator[None]:
    """Where the address stands for the `argument` of an action, its refusal is about the state of what is there, and not about the call."""
    try:
        yield
    except ActionRefused as refusal:
        if refusal.field != argument:
            raise
        raise Conflict(refusal.message, refusal.code) from refusal


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler, for our refusals too. Anything else is a fault of ours and goes to the log as a 500."""
    return exception_handler(
        as_api_error(error) if isinstance(error, ActionRefused) else error, context
    )


def internal_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: a program gets an answer that it can read."""
    if not request.path.startswith("/api/"):
        return server_error(request)
    return JsonResponse(
        {
            "detail": "Something went wrong on our side, and nothing was done. Try again; we were told of it."
        },
        status=500,
    )
