"""Middleware that refuses a body which is declared too large, before any of it is read."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from smrt_integration.api.errors import API_PATHS, too_large_response
from smrt_integration.api.parsers import MAX_BODY_BYTES
from smrt_integration.api.uploads import is_upload

TOO_LARGE: Final = 413


class BodyLimit:
    """Calls of the API may have more than forms: a phone reports a day, a form has a few fields.

    Files that are uploaded may have any size. They are not kept in memory.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_api = request.path.startswith(API_PATHS)
        limit = MAX_BODY_BYTES if is_api else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        is_small = not length.isdecimal() or int(length) <= limit
        if is_small or is_upload(request.method, request.path):
            return self._get_response(request)
        return too_large_response() if is_api else too_large_page()


def too_large_page() -> HttpResponse:
    """Render a page for owners and customers alike, without a query."""
    response = render(None, "smrt/too_large.html", {"site_name": "SMRT"}, status=TOO_LARGE)
    response.headers["Cache-Control"] = "no-store"
    return response
