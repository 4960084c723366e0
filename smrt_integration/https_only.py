"""Refuse calls of the API over plain http."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from smrt_integration.api.error_body import error, error_response

USE_HTTPS = "Call this address with https. Over http, others can read what is sent."
REPLACE_THE_KEY = f"{USE_HTTPS} The key of this call was sent so: revoke it and create another."


class HttpsOnly:
    """Middleware before Django's redirect to https, which is for people.

    A program follows a redirect unseen, and sends its key over http with every call.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if not (is_plain and request.path_info.startswith("/api/")):
            return self.get_response(request)
        has_key = "Authorization" in request.headers
        return error_response(
            [error("https_required", REPLACE_THE_KEY if has_key else USE_HTTPS)], 403
        )
