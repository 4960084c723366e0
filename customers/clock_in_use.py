"""The clock of the request in progress: of the one business that its page is about.

Django reads and shows times in the active time zone. An owner's pages use the business's clock
from the start. For a user of several businesses, a page about one record uses that record's.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from customers import access
from customers.business_clock import BusinessClock

_in_use: ContextVar[BusinessClock | None] = ContextVar("clock_in_use", default=None)


def clock_in_use() -> BusinessClock | None:
    return _in_use.get()


def use_clock(clock: BusinessClock) -> None:
    """Use the clock for the rest of this request."""
    timezone.activate(ZoneInfo(clock.time_zone))
    _in_use.set(clock)


def on_page(clock: BusinessClock) -> BusinessClock:
    """Return the clock; unless it is the page's own, one that names the zone beside each time."""
    return clock if clock_in_use() == clock else replace(clock, names_zone=True)


def hour_choices(hours: Iterable[int], clock: BusinessClock) -> list[tuple[int, str]]:
    """Return hours of the day as a form offers them."""
    return [(hour, clock.hour(hour)) for hour in hours]


class ClockInUse:
    """Middleware, after authentication. No request leaves its clock to the thread's next one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _forget()
        try:
            return self._get_response(request)
        finally:
            _forget()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return
        if clock := access.only_clock_of(request.user):
            use_clock(clock)


def _forget() -> None:
    timezone.deactivate()
    _in_use.set(None)
