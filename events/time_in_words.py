"""Days, times and durations in an owner's words, on the business's own clock. Pure."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def clock(moment: datetime, now: datetime, time_zone: str) -> str:
    """Return "14:05", "yesterday 14:05" or "21 November 14:05"."""
    zone = ZoneInfo(time_zone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return time
    if local.date() == today - timedelta(days=1):
        return f"yesterday {time}"
    return f"{day_in_words(local.date(), now, time_zone)} {time}"


def when(moment: datetime, now: datetime, time_zone: str) -> str:
    """Return "at 14:05", "yesterday at 14:05" or "on 21 November at 14:05"."""
    *day, time = clock(moment, now, time_zone).rsplit(" ", 1)
    if not day:
        return f"at {time}"
    return f"yesterday at {time}" if day == ["yesterday"] else f"on {day[0]} at {time}"


def day_in_words(day: date, now: datetime, time_zone: str) -> str:
    """Return "4 May", with the year unless it is the current one."""
    this_year = now.astimezone(ZoneInfo(time_zone)).year
    return f"{day.day} {day:%B}" if day.year == this_year else full_day(day)


def full_day(day: date) -> str:
    """Return "4 May 2026"."""
    return f"{day.day} {day:%B %Y}"


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
