"""So many calls a minute per key, counted in Redis. Without Redis nobody is throttled: taking orders goes first."""

import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import redis
import structlog
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from smrt_integration.api.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

WINDOW = 60
"""Seconds."""
# A call that is answered must not wait for a counter.
PATIENCE = 0.05
REST = 3.0

_resting_until = 0.0


class KeyThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        self.window, self.passed = divmod(time.time(), WINDOW)
        return (
            count(f"smrt:calls:{request.auth.pk}:{self.window:.0f}")
            <= settings.API_CALLS_PER_MINUTE
        )

    def wait(self) -> float:
        """Seconds until the next window, which DRF answers as Retry-After."""
        return WINDOW - self.passed


def count(counter: str) -> int:
    """One more; 0 while Redis cannot be asked."""
    global _resting_until  # noqa: PLW0603 - one per process is meant
    if time.monotonic() < _resting_until:
        return 0
    try:
        with _redis(os.getpid()).pipeline(transaction=False) as pipe:
            pipe.incr(counter)
            pipe.expire(counter, 2 * WINDOW)
            counted, _ = pipe.execute()
        return int(counted)
    except redis.RedisError as error:
        _resting_until = time.monotonic() + REST
        log.warning("calls_not_counted", error=type(error).__name__, resting_seconds=REST)
        return 0


# Kept per process id: a connection made before a fork must never be shared after it.
@lru_cache(maxsize=2)
def _redis(pid: int) -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )
