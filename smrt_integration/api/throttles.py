"""Limit the calls per minute of one API key."""

from typing import TYPE_CHECKING, Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from customers.rate_limit import count_call
from smrt_integration.api.models import ApiKey

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
