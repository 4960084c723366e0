"""The lines of each request: which, by whom, and how it was answered."""

from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django_structlog.middlewares import RequestMiddleware


class RequestLog(RequestMiddleware):
    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Without the query, which names the people that were searched for."""
        return f"{request.method} {escape_uri_path(request.path)}"
