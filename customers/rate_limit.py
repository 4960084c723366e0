"""Count calls in a time window, in Redis.

While Redis is away nobody is limited: orders and sign-ups matter more than a count.
"""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from customers.outages import Outage

FromRedis = TypeVar("FromRedis")

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

    def count(server: "redis.Redis") -> CountedCalls:
        with server.pipeline() as pipe:
            pipe.set(name, 0, ex=window_seconds, nx=True)
            pipe.incr(name)
            pipe.pttl(name)
            _, calls, milliseconds_left = pipe.execute()
        return CountedCalls(int(calls), milliseconds_left / 1000)

    return ask_redis(count, CountedCalls(0, 0.0))


def read_count(name: str) -> CountedCalls:
    """Return the count of this name without adding to it."""

    def read(server: "redis.Redis") -> CountedCalls:
        with server.pipeline() as pipe:
            pipe.get(name)
            pipe.pttl(name)
            calls, milliseconds_left = pipe.execute()
        return CountedCalls(int(calls or 0), max(0, milliseconds_left) / 1000)

    return ask_redis(read, CountedCalls(0, 0.0))


def ask_redis(ask: "Callable[[redis.Redis], FromRedis]", while_away: FromRedis) -> FromRedis:
    """Return what `ask` returns, or `while_away` after an error and for a while after it."""
    global _retry_at  # noqa: PLW0603 - one per process
    if time.monotonic() < _retry_at:
        return while_away
    try:
        response = ask(_redis(os.getpid(), settings.REDIS_URL))
    except redis.RedisError as error:
        _retry_at = time.monotonic() + RETRY_AFTER_SECONDS
        _outage.failed(error)
        return while_away
    _outage.worked()
    return response


# One connection pool per process: a connection from before a fork must not be shared after it.
@lru_cache(maxsize=2)
def _redis(pid: int, url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
