"""Limit the calls of one API key and of one business: per minute, and in progress at a time."""

from typing import TYPE_CHECKING, Final

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from customers import turns
from customers.rate_limit import count_call
from smrt_integration.api.models import ApiKey
from smrt_integration.api.uploads import is_upload

if TYPE_CHECKING:
    from rest_framework.views import APIView

THROTTLE_WINDOW_SECONDS: Final = 60
"""The setting API_CALLS_PER_MINUTE is a number of calls per minute."""


class KeyThrottle(BaseThrottle):
    """Count calls by key and not by IP address, which all clients of one store share."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        self.counted = count_call(f"smrt:calls:{request.auth.pk}", THROTTLE_WINDOW_SECONDS)
        return self.counted.calls <= settings.API_CALLS_PER_MINUTE

    def wait(self) -> float:
        """Return the seconds until the next window. DRF sends them as Retry-After."""
        return self.counted.seconds_left


LARGE_PAGE: Final = 50
"""Rows. A list of more is a report: it computes for several times as long as a till's call."""
LARGE_BODY_BYTES: Final = 50_000
"""A body of hundreds of rows."""


class TooManyAtOnce(Throttled):
    """Other calls of the same key or business are in progress. DRF sends `wait` as Retry-After."""

    def __init__(self) -> None:
        super().__init__(
            turns.RETRY_REFUSED_AFTER_SECONDS,
            "Too many calls of your business are in progress. Make fewer at a time.",
        )


class TurnThrottle(BaseThrottle):
    """Give the calls of each key and each business their turns, so that others get theirs."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if isinstance(request.auth, ApiKey):
            try:
                turns.take_turn(
                    request.auth.business_id, request.auth.pk, large=_is_large(request, view)
                )
            except turns.TooManyInProgress as error:
                raise TooManyAtOnce from error
        return True


def _is_large(request: Request, view: "APIView") -> bool:
    if is_upload(request.method, request.path):
        # It mostly waits for its client, perhaps for long, and must not keep reports waiting.
        return False
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGE_BODY_BYTES:
        return True
    paginator = getattr(view, "paginator", None)
    is_list = getattr(view, "action", None) == "list"
    return bool(is_list and paginator and paginator.get_page_size(request) > LARGE_PAGE)
