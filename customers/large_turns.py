"""One large request of a business at a time, over all web processes and machines.

A list of hundreds of rows computes for a tenth of a second and more. As many of them as there are
processors would delay everybody, though threads are free. The turn is a key in Redis that expires,
so a killed process keeps nobody waiting for long. While Redis is away, `customers.turns` still lets
one run in each process.

Redis may set the key though its response came too late: then it counts as away, and is not asked to
take the turn back. This process owes it that turn, and gives it back with a later request.
Otherwise the business would be refused for EXPIRES_MILLISECONDS, with nothing of it in progress.
"""

import time
from typing import Final, NamedTuple
from uuid import uuid4

from customers.rate_limit import ask_redis

EXPIRES_MILLISECONDS: Final = 15_000
"""Longer than any large request takes; see the statement timeout of the web server."""
ASK_AGAIN_SECONDS: Final = 0.05
"""Half as long as a large request takes at least."""

LONGEST_REST_MILLISECONDS: Final = 1_000
"""Shorter than the time that a request waits for its turn, so that one reader is never refused."""

# Only the process that took the turn may end it: it may have expired and be another's by now.
GIVE_BACK: Final = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('pexpire', KEYS[1], ARGV[2]) end "
    "return 1"
)
NO_REST_MILLISECONDS: Final = 1

_owed: Final[dict[str, str]] = {}
"""The tokens of this process's turns that have ended and are not given back yet, by key."""


class LargeTurn(NamedTuple):
    token: str
    taken_at: float


def take_large_turn(business: str, wait_seconds: float) -> LargeTurn | None:
    """Wait for the turn. Returns None if it did not come."""
    give_back_owed_turns()
    key, token, until = _key(business), uuid4().hex, time.monotonic() + wait_seconds
    while not ask_redis(
        lambda server: bool(server.set(key, token, nx=True, px=EXPIRES_MILLISECONDS)), True
    ):
        if time.monotonic() >= until:
            return None
        time.sleep(ASK_AGAIN_SECONDS)
    return LargeTurn(token, time.monotonic())


def give_back_large_turn(business: str, turn: LargeTurn) -> None:
    """Let the next have it after a rest as long as the turn was, in which others have theirs."""
    took = int(1_000 * (time.monotonic() - turn.taken_at))
    _owed[_key(business)] = turn.token
    _give_back(_key(business), turn.token, min(took, LONGEST_REST_MILLISECONDS))


def give_back_owed_turns() -> None:
    for key, token in tuple(_owed.items()):
        _give_back(key, token, NO_REST_MILLISECONDS)


def _give_back(key: str, token: str, rest: int) -> None:
    rest = max(rest, NO_REST_MILLISECONDS)
    is_given_back = ask_redis(
        lambda server: bool(server.eval(GIVE_BACK, 1, key, token, rest)), False
    )
    if is_given_back and _owed.get(key) == token:
        _owed.pop(key, None)


def _key(business: str) -> str:
    return f"smrt:large:{business}"
