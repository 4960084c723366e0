"""Dates and times as spreadsheets and people write them. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from customers.dates import FIRST_YEAR

YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
YEAR_LAST: Final = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4}|\d{2})", re.ASCII)
DAY_AND_NAME: Final = re.compile(r"(\d{1,2})[-/., ]+([A-Za-z]{3,9})[-/., ]+(\d{4}|\d{2})", re.ASCII)
NAME_AND_DAY: Final = re.compile(r"([A-Za-z]{3,9})[. ]+(\d{1,2})[, ]+(\d{4})", re.ASCII)
TIME: Final = re.compile(
    r"(?:T| +|, *)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(?: ?([AaPp])\.?[Mm]\.?)?"
    r"(?: ?(Z|UTC|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NO_TIME: Final = re.compile(r"\s*")
NOON: Final = 12


def read_day(text: str, *, month_first: bool, today: date) -> tuple[date, str] | None:
    """Return the date at the beginning of the text and the rest, or None if there is none.

    `month_first` says how 03/04/2026 is read. A year of two digits is not in the future.
    """
    if match := YEAR_FIRST.match(text):
        year, month, day = match.groups()
    elif match := YEAR_LAST.match(text):
        first, second, year = match.groups()
        month, day = (first, second) if month_first else (second, first)
    elif match := DAY_AND_NAME.match(text):
        day, name, year = match.groups()
        month = _month(name)
    elif match := NAME_AND_DAY.match(text):
        name, day, year = match.groups()
        month = _month(name)
    else:
        return None
    try:
        return date(_year(year, today), int(month), int(day)), text[match.end() :]
    except ValueError:
        return None


def read_moment(text: str, zone: str, *, month_first: bool, today: date) -> datetime | None:
    """Return the moment in UTC, or None if the text is none.

    Without a time it is the beginning of the day, and without an offset a time of `zone`.
    """
    found = read_day(text, month_first=month_first, today=today)
    if found is None:
        return None
    day, rest = found
    if NO_TIME.fullmatch(rest):
        return _in_utc(datetime.combine(day, time(), ZoneInfo(zone)))
    match = TIME.fullmatch(rest.rstrip())
    if match is None:
        return None
    hour, minute, second, half, offset = match.groups()
    try:
        of_day = time(_hour(int(hour), half), int(minute), int(second or 0))
        tz = _offset(offset) if offset else ZoneInfo(zone)
        return _in_utc(datetime.combine(day, of_day, tz))
    except ValueError:
        return None


def stands_for_nothing(moment: datetime) -> bool:
    """Return whether this is a date that programs write for "not known", such as 1900-01-01."""
    return moment.year < FIRST_YEAR


def _in_utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _year(text: str, today: date) -> int:
    if len(text) == 4:
        return int(text)
    century = today.year - today.year % 100
    year = century + int(text)
    return year if year <= today.year else year - 100


def _month(name: str) -> str:
    """Return the number of an English month. Raises nothing: "0" is no month."""
    short = name[:3].casefold()
    return str(MONTHS.index(short) + 1) if short in MONTHS else "0"


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= NOON:
        raise ValueError
    return hour % NOON + NOON * (half in "Pp")


def _offset(text: str) -> timezone:
    if text in {"Z", "UTC"}:
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))
