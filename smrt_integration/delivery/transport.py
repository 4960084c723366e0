"""HTTP to Segment: one POST, one attempt, on this process's pooled connections.

A client of our own, because what a general one does for convenience would be a fault here: a
netrc entry would replace the write key, a proxy variable would redirect events, and a 302 that
is followed becomes a GET that looks like success.
"""

from functools import lru_cache
from ssl import SSLCertVerificationError
from typing import Final

import certifi
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, PoolManager, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as Urllib3Timeout
from urllib3.util import parse_url

# Requests in flight per process, and so the number of slow receivers that it can wait for.
MAX_IN_FLIGHT: Final = 128
# Longer than Segment takes when well. A lane that times out waits alone and delays no other.
CONNECT_SECONDS: Final = 4.0
# There was no connection over which the request could have been sent.
NEVER_SENT: Final = (ConnectTimeoutError, LocationValueError, NewConnectionError)


@lru_cache(maxsize=1)
def _pool() -> PoolManager:
    """The connections. Created by the first POST, so after the fork: no two processes share one."""
    return PoolManager(maxsize=MAX_IN_FLIGHT, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where())


# Segment has two hosts. Finding the pool of an address takes the manager a third of a POST's time.
@lru_cache(maxsize=8)
def _pool_of(url: str) -> tuple[HTTPConnectionPool, str]:
    """Return the pool of the address's host, and its path."""
    return _pool().connection_from_url(url), parse_url(url).request_uri


@lru_cache(maxsize=8)
def _timeout(read_seconds: float) -> Timeout:
    return Timeout(connect=CONNECT_SECONDS, read=read_seconds)


def post_once(
    url: str, body: bytes, headers: dict[str, str], read_seconds: float
) -> BaseHTTPResponse:
    """Post once, and read the response to its end, which frees the connection for the next POST.

    Returns the response whatever its status; a redirect is a response like any other.
    Raises urllib3's HTTPError when no complete response came.
    """
    pool, path = _pool_of(url)
    return pool.urlopen(
        "POST",
        path,
        body=body,
        headers=headers,
        timeout=_timeout(read_seconds),
        retries=False,
        redirect=False,
        decode_content=False,
    )


def is_timeout(error: HTTPError) -> bool:
    """Return whether the receiver took too long.

    A refused connection is a time-out only to urllib3.
    """
    return isinstance(error, Urllib3Timeout) and not isinstance(error, NewConnectionError)


def may_have_been_sent(error: HTTPError) -> bool:
    """Return whether the receiver may have got the request, although no response came."""
    if isinstance(error, SSLError):
        return not any(isinstance(reason, SSLCertVerificationError) for reason in error.args)
    return not isinstance(error, NEVER_SENT)
