"""How a business's times and days are written. Pure.

Every time that people read, on pages, in emails and in texts, is written here: in the business's
time zone and as its country writes it. Words stay English. The API and the columns of exports are
for programs: they keep ISO 8601.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_datetime_format

TimeOfDay = time

WORLD: Final = "en_001"
"""English as CLDR has it for countries without English data of their own."""
WORLD_WITH_24_HOURS: Final = "en_150"
"""The same with a clock of 24 hours: English in Europe."""
QUOTED: Final = re.compile("'[^']*'")
YEAR: Final = re.compile(r",?\s*y+\s*$")
FULL_STOPS: Final = re.compile(r"\b([ap])\.m\.", re.IGNORECASE)
"""As Canada writes the halves of a day."""
SPACES: Final = str.maketrans({"\u202f": " ", "\u00a0": " "})
"""CLDR's narrow spaces that do not break: they double the price of a text, and no one types them
in a search."""


@dataclass(frozen=True, slots=True)
class BusinessClock:
    """A business's time zone and country. Without a country, the clock has 24 hours.

    With `names_zone`, each time is followed by its zone, for pages about several businesses.
    """

    time_zone: str
    country: str = ""
    names_zone: bool = False

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.time_zone))

    def day_of(self, moment: datetime) -> date:
        """Return the calendar day of the moment."""
        return self.local(moment).date()

    def moment(self, moment: datetime, *, seconds: bool = False) -> str:
        """Return "Nov 25, 2026, 2:26 PM"."""
        local = self.local(moment)
        pattern = str(get_datetime_format("medium", _locales(self.country)[0])).replace("'", "")
        time_of_day = _time(local.time(), self.country, seconds)
        text = pattern.replace("{1}", self.day(local.date())).replace("{0}", time_of_day)
        return self._with_zone(_plain(text))

    def time(self, moment: datetime) -> str:
        """Return "2:26 PM"."""
        return self._with_zone(_time(self.local(moment).time(), self.country))

    def hour(self, hour: int) -> str:
        """Return "9:00 AM" for an hour of the business's day."""
        return self.time_of_day(time(hour))

    def time_of_day(self, of_day: TimeOfDay) -> str:
        return _time(of_day, self.country)

    @property
    def is_month_first(self) -> bool:
        """Whether 03/04 is 4 March in the business's country."""
        pattern = str(_locales(self.country)[0].date_formats["medium"])
        return pattern.index("M") < pattern.index("d")

    def day(self, day: date) -> str:
        """Return "Nov 25, 2026"."""
        return _plain(format_date(day, "medium", _locales(self.country)[0]))

    def long_day(self, day: date) -> str:
        """Return "Wednesday, November 25, 2026"."""
        return _plain(format_date(day, "full", _locales(self.country)[0]))

    def weekday_and_day(self, day: date) -> str:
        """Return "Wednesday, November 25"."""
        locale = _locales(self.country)[0]
        pattern = YEAR.sub("", locale.date_formats["full"].pattern)
        return _plain(format_date(day, pattern, locale))

    def short_day(self, day: date) -> str:
        """Return "Nov 25", where the year is clear."""
        return _plain(format_skeleton("MMMd", day, locale=_locales(self.country)[0]))

    def recent(self, moment: datetime, now: datetime) -> str:
        """Return "2:26 PM" for today, "yesterday 2:26 PM", or the moment with its day."""
        days_ago = (self.day_of(now) - self.day_of(moment)).days
        if days_ago not in {0, 1}:
            return self.moment(moment)
        return f"{'yesterday ' * days_ago}{self.time(moment)}"

    def when(self, moment: datetime, now: datetime) -> str:
        """Return "at 2:26 PM", "yesterday at 2:26 PM" or "on Nov 25, 2026, 2:26 PM"."""
        days_ago = (self.day_of(now) - self.day_of(moment)).days
        if days_ago not in {0, 1}:
            return f"on {self.moment(moment)}"
        return f"{'yesterday ' * days_ago}at {self.time(moment)}"

    def _with_zone(self, text: str) -> str:
        return f"{text} {self.time_zone}" if self.names_zone else text


UTC_CLOCK: Final = BusinessClock("UTC")
"""For what belongs to no business, or to one that was deleted."""


def _time(of_day: time, country: str, seconds: bool = False) -> str:
    times = _locales(country)[1]
    return _plain(format_time(of_day, "medium" if seconds else "short", locale=times))


def _plain(text: str) -> str:
    """Return the text without odd spaces, and "2:26 p.m." as "2:26 pm": a sentence may end so."""
    return FULL_STOPS.sub(r"\1m", text.translate(SPACES))


@cache
def _locales(country: str) -> tuple[Locale, Locale]:
    """Return the English locales that write the country's dates, and its times."""
    try:
        locale = Locale.parse(f"en_{country}" if country else WORLD_WITH_24_HOURS)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(WORLD), Locale.parse(
            WORLD if _has_12_hours(country) else WORLD_WITH_24_HOURS
        )
    return locale, locale


def _has_12_hours(country: str) -> bool:
    """Return whether the country's main language writes times with AM and PM."""
    try:
        pattern = Locale.parse(f"und_{country}").time_formats["short"].pattern
    except (UnknownLocaleError, ValueError):
        return False
    return "h" in QUOTED.sub("", pattern)
