"""Time zones and the days they make."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError

ZONES_IN_USE = 1024
"""More than there are zones in the database of zones, so that none is ever evicted."""


@lru_cache(maxsize=ZONES_IN_USE)
def is_zone(name: str) -> bool:
    """A place's zone, such as Europe/Berlin or UTC, of which Python and PostgreSQL mean the same."""
    return name in available_timezones() and name not in {"localtime", "Factory"}


def validate_zone(name: str) -> None:
    if not is_zone(name):
        raise ValidationError(f"{name} is not a time zone. Choose one such as America/Los_Angeles.", code="time_zone")


def local_day(at: datetime, time_zone: str) -> date:
    """The calendar day on which the instant `at` fell there."""
    return at.astimezone(ZoneInfo(time_zone)).date()
