"""Dates that a business records about a customer: with a year, or a month and day only."""

import re
from datetime import date
from typing import Final

FULL_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
MONTH_AND_DAY: Final = re.compile(r"(?:--)?(\d{1,2})-?(\d{1,2})", re.ASCII)
"""With the two hyphens, as address books write a day without a year (vCard)."""
LEAP_YEAR: Final = 2000
"""The year in which days without a year are checked: 29 February must be valid."""
FIRST_YEAR: Final = 1901
"""An earlier one stands for "no year": phones write 1604, spreadsheets and databases 1900 or 0001.
Nobody who was born before it is alive."""


def normalise_date(entered: str) -> str | None:
    """Return `YYYY-MM-DD` or `MM-DD`, or None when `entered` is not a day of the calendar.

    A year before FIRST_YEAR is left out.
    """
    text = entered.strip()
    if match := FULL_DATE.fullmatch(text):
        year, *month_and_day = match.groups()
        is_placeholder = 0 < int(year) < FIRST_YEAR
        day = _day(str(LEAP_YEAR) if is_placeholder else year, *month_and_day)
        return day.isoformat()[5 if is_placeholder else 0 :] if day else None
    if match := MONTH_AND_DAY.fullmatch(text):
        day = _day(str(LEAP_YEAR), *match.groups())
        return day.isoformat()[5:] if day else None
    return None


def is_future(day: str, today: date) -> bool:
    """Return whether a normalised day with a year is after `today`."""
    return len(day) > len("MM-DD") and date.fromisoformat(day) > today


def known_birthday(stored: str, today: date) -> str | None:
    """Return a stored birthday, normalised. A year that is still to come is left out."""
    day = normalise_date(stored)
    return day[5:] if day and is_future(day, today) else day


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
