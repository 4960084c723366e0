"""Time zones and the days they make."""

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

NOT_ZONES = {"localtime", "Factory", "posixrules"}
"""What else lies in the folder of zones of some machines."""


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - NOT_ZONES


def local_day(at: datetime, time_zone: str) -> date:
    """The calendar day on which the instant `at` fell there."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def iso_utc(at: datetime) -> str:
    """ISO 8601 with milliseconds, such as 2026-03-01T17:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
