"""So many sign-ups an hour from one internet address, counted in Redis. Without Redis nobody is kept from signing up."""

import os
import time
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

log = structlog.get_logger(__name__)

WINDOW: Final = 3600
"""Seconds."""
SIGN_UPS: Final = 20
"""More than people at one counter or in one house need, and too few to be worth a program."""
PATIENCE: Final = 0.1
"""Seconds. Somebody waits for the page."""
NETWORK_BITS: Final = 64
"""What a provider gives to one household under IPv6."""


def may_sign_up(request: HttpRequest) -> bool:
    known = address(request)
    if not known:
        return True
    # Only a keyed hash of the address is kept, and only for the hour.
    origin = salted_hmac("customers.account.signup_limit", known, algorithm="sha256").hexdigest()[
        :32
    ]
    return _count(f"smrt:joins:{origin}:{time.time() // WINDOW:.0f}") <= SIGN_UPS


def address(request: HttpRequest) -> str:
    """Of whoever asks, or "" when it is not known.

    Behind a proxy it is the last that X-Forwarded-For names: the proxy wrote that one, and anybody may have written the others.
    """
    said = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        said = request.headers.get("X-Forwarded-For", said).rpartition(",")[2].strip()
    try:
        known = ip_address(said)
    except ValueError:
        return ""
    return (
        str(IPv6Network((known, NETWORK_BITS), strict=False))
        if isinstance(known, IPv6Address)
        else str(known)
    )


def _count(counter: str) -> int:
    """One more; 0 while Redis cannot be asked."""
    try:
        with _redis(os.getpid()).pipeline(transaction=False) as pipe:
            pipe.incr(counter)
            pipe.expire(counter, WINDOW)
            counted, _ = pipe.execute()
        return int(counted)
    except redis.RedisError as error:
        log.warning("sign_ups_not_counted", error=type(error).__name__)
        return 0


# Kept per process id: a connection made before a fork must never be shared after it.
@lru_cache(maxsize=2)
def _redis(pid: int) -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )
