"""How many texts a number may send now, by the limit of texts a second. Pure.

A number's time `next_at` moves on with each text that it sends. While it lies ahead, the number
waits. This is a token bucket, of which only the time is stored.
"""

from datetime import datetime, timedelta
from typing import Final

CREDIT: Final = timedelta(seconds=0.1)
"""Texts are claimed about ten times a second. A number whose turn came a bit later makes up for it,
and still no second has more than a tenth above the limit, and one text."""


def texts_allowed(next_at: datetime, now: datetime, per_second: int) -> int:
    """Return how many texts a number may send at once, of which `next_at` is the time."""
    if next_at > now:
        return 0
    return 1 + int((now - _earliest(next_at, now)) * per_second / timedelta(seconds=1))


def time_after(next_at: datetime, now: datetime, texts: int, per_second: int) -> datetime:
    """Return the number's time after it has sent so many."""
    if not texts:
        return next_at
    return _earliest(next_at, now) + timedelta(seconds=texts / per_second)


def idle_since(now: datetime) -> datetime:
    """Return the time of a number that has sent nothing for a while."""
    return now - CREDIT


def _earliest(next_at: datetime, now: datetime) -> datetime:
    return max(next_at, now - CREDIT)
