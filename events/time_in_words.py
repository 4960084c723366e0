"""Days and times in an owner's words, on the business's own clock. Pure."""

from datetime import date, datetime

from customers.zones import local_day
from events.lanes.status import clock


def at_time(moment: datetime, time_zone: str, now: datetime) -> str:
    """Return "at 14:05", "yesterday at 14:05" or "on 3 November at 14:05"."""
    *day, time = clock(moment, now, time_zone).rsplit(" ", 1)
    if not day:
        return f"at {time}"
    return f"yesterday at {time}" if day == ["yesterday"] else f"on {day[0]} at {time}"


def day_in_words(day: date, now: datetime, time_zone: str) -> str:
    """Return "4 May", with the year unless it is the current one."""
    is_this_year = day.year == local_day(now, time_zone).year
    return full_day(day) if not is_this_year else f"{day.day} {day:%B}"


def full_day(day: date) -> str:
    """Return "4 May 2026"."""
    return f"{day.day} {day:%B %Y}"


def days_in_words(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def months_in_words(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"
