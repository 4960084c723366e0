"""Count calls in a time window, in Redis.

While Redis is away nobody is limited: orders and sign-ups matter more than a count.
"""

import os
import time
from functools import lru_cache
from typing import Final, NamedTuple

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from customers.outages import Outage

SOCKET_TIMEOUT_SECONDS: Final = 0.05
"""Each request waits for its count, once to connect and once to read: at most twice this long."""
RETRY_AFTER_SECONDS: Final = 3.0
"""After a failure this process does not ask Redis again for this long. Longer leaves more calls
uncounted; shorter makes more requests wait for a Redis that is down."""

_retry_at = 0.0
_outage = Outage("redis", used_for="rate limits")


class CountedCalls(NamedTuple):
    """The calls of a window so far, and the seconds until it ends."""

    calls: int
    seconds_left: float


def count_call(name: str, window_seconds: int) -> CountedCalls:
    """Count one more call under this name, or none while Redis is away.

    A window begins with its first call. Redis ends it: web servers' clocks may differ.
    """
    global _retry_at  # noqa: PLW0603 - one per process
    if time.monotonic() < _retry_at:
        return CountedCalls(0, 0.0)
    try:
        with _redis(os.getpid(), settings.REDIS_URL).pipeline() as pipe:
            pipe.set(name, 0, ex=window_seconds, nx=True)
            pipe.incr(name)
            pipe.pttl(name)
            _, calls, milliseconds_left = pipe.execute()
    except redis.RedisError as error:
        _retry_at = time.monotonic() + RETRY_AFTER_SECONDS
        _outage.failed(error)
        return CountedCalls(0, 0.0)
    _outage.worked()
    return CountedCalls(int(calls), milliseconds_left / 1000)


# One connection pool per process: a connection from before a fork must not be shared after it.
@lru_cache(maxsize=2)
def _redis(pid: int, url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
