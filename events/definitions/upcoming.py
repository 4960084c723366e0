"""When a customer will count as lost, and when their birthday is sent. Pure.

The rules are those of `events.sweeps`.
"""

import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from customers.business_clock import BusinessClock
from customers.dates import birthday_in_year
from customers.lost import lost_on
from events.definitions.customer_context import Absence, Birthdays
from events.time_in_words import counted

CUSTOMER_OF_FREQUENCY: Final = {
    "weekly": "a weekly customer",
    "bi-weekly": "a bi-weekly customer",
    "monthly": "a monthly customer",
}
IRREGULAR_CUSTOMER: Final = "a customer without a regular rhythm"
BIRTHDAY: Final = re.compile(r"(?:\d{4}-)?(\d{2})-(\d{2})", re.ASCII)


def lost_sentence(absence: Absence, clock: BusinessClock, now: datetime) -> str:
    """Return when the customer will count as lost, or why they do and what is sent."""
    since = clock.day(clock.day_of(absence.since))
    basis = f"counting from their {'last visit' if absence.visited else 'signup'} on {since}"
    if absence.found_at:
        found_at = clock.when(absence.found_at, now)
        return f"Found lost {found_at}, {basis}. Their next visit ends it."
    first_day = lost_on(absence.since, clock.time_zone, absence.limit)
    day = clock.day(first_day)
    if clock.day_of(now) < first_day:
        customer = CUSTOMER_OF_FREQUENCY.get(absence.frequency, IRREGULAR_CUSTOMER)
        limit = counted(absence.limit, "day")
        return f"Not lost until {day}: {customer} may stay away for {limit}, {basis}."
    if absence.enabled_at is None:
        return (
            f"Lost since {day}, but we do not look for lost customers while the integration is off."
        )
    if first_day < clock.day_of(absence.enabled_at):
        return (
            f"Lost since {day}. That was before you switched on, so it is not sent. "
            "Their next visit ends it."
        )
    return f"Lost since {day}. The next nightly search finds it."


def birthday_sentence(birthdays: Birthdays, clock: BusinessClock, now: datetime) -> str:
    """Return when the next birthday is sent, and why this year's was not."""
    if birthdays.field is None:
        return "You have not chosen the custom field that holds the birthday."
    today = clock.day_of(now)
    this_year, next_year = (_birthday(birthdays.value, today.year + n) for n in (0, 1))
    if this_year is None or next_year is None:
        return no_birthday(birthdays.field)
    following = f"The next is on {clock.day(next_year)}."
    if today.year in birthdays.celebrated:
        return f"Sent this year, on {clock.day(this_year)}. {following}"
    due = datetime.combine(this_year, time(birthdays.hour), ZoneInfo(clock.time_zone))
    if now < due:
        is_today = this_year == today
        day = "today" if is_today else f"on {clock.day(this_year)}"
        return f"Their birthday is {day}, at {clock.time(due)}."
    return f"{_missed_birthday(birthdays, due, clock, now)} {following}"


def no_birthday(field: str) -> str:
    return f"This customer has no date in the custom field “{field}”."


def next_birthday(value: str, today: date) -> date | None:
    """Return the next day on which the birthday is celebrated; None when `value` is no date."""
    days = (_birthday(value, year) for year in (today.year, today.year + 1))
    return next((day for day in days if day and day >= today), None)


def _birthday(value: str, year: int) -> date | None:
    """Return the day on which a birthday, `YYYY-MM-DD` or `MM-DD`, is celebrated in a year."""
    born = BIRTHDAY.fullmatch(value)
    return birthday_in_year(int(born[1]), int(born[2]), year) if born else None


def _missed_birthday(
    birthdays: Birthdays, due: datetime, clock: BusinessClock, now: datetime
) -> str:
    birthday = f"This year's birthday, on {clock.day(due.date())},"
    if birthdays.since is None:
        return f"{birthday} is not sent while the integration is off."
    if due.date() < clock.day_of(birthdays.since):
        return f"{birthday} was before you switched on or chose the field, so it is not sent."
    if due.date() == clock.day_of(now):
        return f"{birthday} is sent within a minute."
    if birthdays.entered_at and birthdays.entered_at > due:
        return f"{birthday} was over when it was entered, so it is not sent."
    return f"{birthday} was not sent."
