"""Time zones, and calendar days in them."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

NOT_ZONES = {"localtime", "Factory", "posixrules"}
"""Other files in the time zone folder of some machines."""


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - NOT_ZONES


def local_day(at: datetime, time_zone: str) -> date:
    """Return the calendar day of the instant `at` in the time zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def iso_utc(at: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds, such as 2026-03-01T17:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
