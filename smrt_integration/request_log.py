"""Log two lines for each request: which request, from whom, and its response."""

import structlog
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django_structlog.middlewares import RequestMiddleware

from customers.client_ip import client_ip


class RequestLog(RequestMiddleware):
    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Leave out the query, which names the people that were searched for."""
        return f"{request.method} {escape_uri_path(request.path)}"

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Log the client IP by our rule: the library's trusts headers that a client can write."""
        structlog.contextvars.bind_contextvars(ip=client_ip(request) or None)
