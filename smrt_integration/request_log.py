"""Log two lines for each request: which request, from whom, and its response."""

import sys
from typing import Any

import structlog
from django.db import Error
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django_structlog.middlewares import RequestMiddleware

from customers.client_ip import client_ip
from smrt_integration.unavailable import is_unavailable


class RequestLog(RequestMiddleware):
    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Leave out the query, which names the people that were searched for."""
        return f"{request.method} {escape_uri_path(request.path)}"

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Log the client IP by our rule: the library's trusts headers that a client can write."""
        structlog.contextvars.bind_contextvars(ip=client_ip(request) or None)

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Log nobody while the database is away: the view, if it asks who it is, will notice."""
        try:
            RequestMiddleware.bind_user_id(request)
        except Error as error:
            if not is_unavailable(error):
                raise

    def process_got_request_exception(
        self, sender: type[Any], request: HttpRequest, **kwargs: Any
    ) -> None:
        """Log no traceback of a database that is away: one line says it."""
        if not is_unavailable(sys.exception()):
            super().process_got_request_exception(sender, request, **kwargs)
