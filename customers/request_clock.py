"""Each request has its own clock: an owner's pages use their business's from the start."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from customers import access
from customers.clock_in_use import forget_clock, use_clock


class RequestClock:
    """Middleware, after authentication. No request leaves its clock to the thread's next one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forget_clock()
        try:
            return self._get_response(request)
        finally:
            forget_clock()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return
        if clock := access.only_clock_of(request.user):
            use_clock(clock)
