"""Durations and counts in an owner's words. Pure. `customers.business_clock` writes times."""

from datetime import datetime, timedelta
from typing import Final

UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def ago(moment: datetime, now: datetime) -> str:
    """Return "just now" or "3 minutes ago"."""
    past = now - moment
    return "just now" if past < timedelta(seconds=1) else f"{duration(past)} ago"


def duration(time: timedelta) -> str:
    """Return "40 seconds" or "1 minute": the largest unit that the time fills, rounded down."""
    seconds = max(0, int(time.total_seconds()))
    for unit, size in UNITS:
        if seconds >= size:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def counted(count: int, noun: str) -> str:
    """Return "1 day" or "12 days"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
