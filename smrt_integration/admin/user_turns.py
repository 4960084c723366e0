"""A user of the admin takes a turn of their business."""

from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseProblem
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from customers.access import only_business_of
from customers.turns import TooManyInProgress, take_turn
from smrt_integration.unavailable import busy_page, is_unavailable, unavailable_page


class UserTurns:
    """Middleware, after authentication. Users of several businesses have turns of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not request.path.startswith("/admin/"):
            return None
        try:
            if request.user.is_authenticated:
                take_turn(only_business_of(request.user) or f"of user {request.user.pk}")
        except TooManyInProgress:
            return busy_page(request)
        except DatabaseProblem as error:
            # Django calls `process_exception` for an error of a view alone.
            if not is_unavailable(error):
                raise
            return unavailable_page(request, error)
        return None
