"""Dates that a business records about a customer: with a year, or a month and day only."""

import re
from datetime import date

FULL_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
MONTH_AND_DAY = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)
LEAP_YEAR = 2000
"""The year in which days without a year are checked: 29 February must be valid."""


def normalise_date(entered: str) -> str | None:
    """Return `YYYY-MM-DD` or `MM-DD`, or None when `entered` is not a day of the calendar."""
    text = entered.strip()
    if match := FULL_DATE.fullmatch(text):
        day = _day(*match.groups())
        return day.isoformat() if day else None
    if match := MONTH_AND_DAY.fullmatch(text):
        day = _day(str(LEAP_YEAR), *match.groups())
        return day.isoformat()[5:] if day else None
    return None


def birthday_in_year(month: int, day: int, year: int) -> date | None:
    """Return the day of the birthday in that year, or None when there is no such day.

    29 February is celebrated on 28 February in common years.
    """
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 2, 28) if (month, day) == (2, 29) else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
