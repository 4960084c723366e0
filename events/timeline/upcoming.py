"""What comes by itself and when: that a customer counts as lost, and their birthday. Pure; the rules are those of `events.sweeps`."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from customers.dates import birthday_in_year
from customers.lost import lost_on
from customers.zones import local_day
from events.timeline.reasons import on

RHYTHMS: Final = {
    "weekly": "a weekly customer",
    "bi-weekly": "a bi-weekly customer",
    "monthly": "a monthly customer",
}
ANY_OTHER: Final = "a customer without a regular rhythm"
BIRTHDAY: Final = re.compile(r"(?:\d{4}-)?(\d{2})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Absence:
    """`since`: the last visit (`visited`) or the signup; `limit` in days; `found_at`: when they were found lost, counted from then."""

    since: datetime
    visited: bool
    frequency: str
    limit: int
    found_at: datetime | None = None
    enabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Birthdays:
    """`field` is the custom field that the owner chose, None without; `value` what the customer answered, `answered_at` when.
    `since`: nothing from before that day is celebrated. `celebrated` holds years."""

    field: str | None
    value: str = ""
    answered_at: datetime | None = None
    hour: int = 9
    since: datetime | None = None
    celebrated: frozenset[int] = frozenset()


def lost(absence: Absence, time_zone: str, now: datetime) -> str:
    seen = day_in_words(local_day(absence.since, time_zone), now, time_zone)
    counted = f"counting from their {'last visit' if absence.visited else 'signup'} on {seen}"
    if absence.found_at:
        return f"Found lost {on(absence.found_at, time_zone, now)}, {counted}. Their next visit ends it."
    day = lost_on(absence.since, time_zone, absence.limit)
    rhythm = f"{RHYTHMS.get(absence.frequency, ANY_OTHER)} may stay away for {days(absence.limit)}"
    if local_day(now, time_zone) < day:
        return f"Not lost until {day_in_words(day, now, time_zone)}: {rhythm}, {counted}."
    if absence.enabled_at is None:
        return f"Lost since {day_in_words(day, now, time_zone)}, but nobody is looked for while the integration is off."
    if day < local_day(absence.enabled_at, time_zone):
        return f"Lost since {day_in_words(day, now, time_zone)}, which was before you switched on, so it is not sent. Their next visit ends it."
    return f"Lost since {day_in_words(day, now, time_zone)}. It is found at the next nightly look."


def birthday(birthdays: Birthdays, time_zone: str, now: datetime) -> str:
    if birthdays.field is None:
        return "No custom field with the birthday is chosen in the settings."
    born = BIRTHDAY.fullmatch(birthdays.value)
    if born is None:
        return f"This customer has no date in the custom field “{birthdays.field}”."
    today = local_day(now, time_zone)
    this_year, next_year = (
        birthday_in_year(int(born[1]), int(born[2]), year) for year in (today.year, today.year + 1)
    )
    if this_year is None or next_year is None:
        return f"This customer has no date in the custom field “{birthdays.field}”."
    if today.year in birthdays.celebrated:
        return f"Celebrated this year, on {day_in_words(this_year, now, time_zone)}. The next is on {day_in_words(next_year, now, time_zone)}."
    due = datetime.combine(this_year, time(birthdays.hour), ZoneInfo(time_zone))
    if now < due:
        return f"Their birthday is {'today' if this_year == today else 'on ' + day_in_words(this_year, now, time_zone)}, at {due:%H:%M}."
    return f"{_missed(birthdays, due, time_zone, now)} The next is on {day_in_words(next_year, now, time_zone)}."


def _missed(birthdays: Birthdays, due: datetime, time_zone: str, now: datetime) -> str:
    past = f"This year's birthday, on {day_in_words(due.date(), now, time_zone)},"
    if birthdays.since is None:
        return f"{past} is not looked for while the integration is off."
    if due.date() < local_day(birthdays.since, time_zone):
        return f"{past} was before you switched on or chose the field, so it is not sent."
    if due.date() == local_day(now, time_zone):
        return f"{past} is found within a minute."
    if birthdays.answered_at and birthdays.answered_at > due:
        return f"{past} had passed when it was entered, so it is not sent."
    return f"{past} was not celebrated."


def day_in_words(day: date, now: datetime, time_zone: str) -> str:
    """4 May, with the year when it is another than this."""
    return f"{day.day} {day:%B}" + (
        "" if day.year == local_day(now, time_zone).year else f" {day.year}"
    )


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
