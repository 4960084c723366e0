"""The sentences about the swept events to come: the customer is lost, or has a birthday."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from customers.business_clock import BusinessClock
from customers.dates import birthday_in_year
from events.definitions.customer_context import Absence, Birthdays
from events.definitions.upcoming import birthday_sentence, lost_sentence

CLOCK = BusinessClock("America/Los_Angeles", "US")
# 24 November 2026, 10:00 in Los Angeles
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
DAY = timedelta(days=1)
ON = NOW - 300 * DAY


def absence_of(days: int, **values: Any) -> Absence:
    return Absence(
        **{
            "since": NOW - days * DAY,
            "visited": True,
            "frequency": "weekly",
            "limit": 14,
            "enabled_at": ON,
            **values,
        }
    )


@pytest.mark.parametrize(
    ("absence", "sentence"),
    [
        (
            absence_of(0),
            (
                "Not lost until Dec 9, 2026: a weekly customer may stay away for 14 days, "
                "counting from their last visit on Nov 24, 2026."
            ),
        ),
        (
            absence_of(14),
            (
                "Not lost until Nov 25, 2026: a weekly customer may stay away for 14 days, "
                "counting from their last visit on Nov 10, 2026."
            ),
        ),
        (
            absence_of(3, visited=False, frequency="unknown", limit=92),
            (
                "Not lost until Feb 22, 2027: a customer without a regular rhythm may "
                "stay away for 92 days, counting "
                "from their signup on Nov 21, 2026."
            ),
        ),
        (
            absence_of(0, frequency="monthly", limit=1),
            (
                "Not lost until Nov 26, 2026: a monthly customer may stay away for 1 day, "
                "counting from their last visit on Nov 24, 2026."
            ),
        ),
        (absence_of(15), "Lost since Nov 24, 2026. The next nightly search finds it."),
        (
            absence_of(20, found_at=NOW - 5 * DAY),
            (
                "Found lost on Nov 19, 2026, 10:00 AM, counting from their last visit on Nov 4, "
                "2026. Their next visit ends it."
            ),
        ),
        (
            absence_of(400),
            (
                "Lost since Nov 4, 2025. That was before you switched on, so it is not sent. "
                "Their next visit ends it."
            ),
        ),
        (
            absence_of(20, enabled_at=None),
            (
                "Lost since Nov 19, 2026, but we do not look for lost customers while the "
                "integration is off."
            ),
        ),
        # found on the very day of switching on
        (
            absence_of(20, enabled_at=NOW - 5 * DAY),
            "Lost since Nov 19, 2026. The next nightly search finds it.",
        ),
        (
            absence_of(20, enabled_at=NOW - 4 * DAY),
            (
                "Lost since Nov 19, 2026. That was before you switched on, so it is not sent. "
                "Their next visit ends it."
            ),
        ),
    ],
)
def test_a_sentence_says_when_the_customer_is_lost(absence: Absence, sentence: str) -> None:
    assert lost_sentence(absence, CLOCK, NOW) == sentence


def test_days_are_in_the_business_s_time_zone() -> None:
    # 8 November 23:30 in Los Angeles, which is the 9th in UTC
    absence = absence_of(0, since=datetime(2026, 11, 9, 7, 30, tzinfo=UTC))
    assert (
        lost_sentence(absence, CLOCK, NOW)
        == "Lost since Nov 23, 2026. The next nightly search finds it."
    )
    assert (
        lost_sentence(absence, BusinessClock("UTC", "US"), NOW)
        == "Lost since Nov 24, 2026. The next nightly search finds it."
    )


def birthdays_of(value: str, **values: Any) -> Birthdays:
    return Birthdays(
        **{"field": "Birthday", "value": value, "entered_at": ON, "since": ON, **values}
    )


@pytest.mark.parametrize(
    ("birthdays", "sentence"),
    [
        (Birthdays(None), "You have not chosen the custom field that holds the birthday."),
        (birthdays_of(""), "This customer has no date in the custom field “Birthday”."),
        (birthdays_of("soon"), "This customer has no date in the custom field “Birthday”."),
        (birthdays_of("02-30"), "This customer has no date in the custom field “Birthday”."),
        (birthdays_of("1988-12-24"), "Their birthday is on Dec 24, 2026, at 9:00 AM."),
        (birthdays_of("11-24", hour=11), "Their birthday is today, at 11:00 AM."),
        (
            birthdays_of("11-24"),
            (
                "This year's birthday, on Nov 24, 2026, is sent within a minute. The next is on "
                "Nov 24, 2027."
            ),
        ),
        (
            birthdays_of("05-04", celebrated=frozenset({2026})),
            "Sent this year, on May 4, 2026. The next is on May 4, 2027.",
        ),
        (
            birthdays_of("05-04", celebrated=frozenset({2025})),
            "This year's birthday, on May 4, 2026, was not sent. The next is on May 4, 2027.",
        ),
        (
            birthdays_of("11-20", entered_at=NOW - DAY),
            (
                "This year's birthday, on Nov 20, 2026, was over when it was entered, so it is "
                "not sent. The next is on Nov 20, 2027."
            ),
        ),
        (
            birthdays_of("11-20", since=NOW - DAY),
            (
                "This year's birthday, on Nov 20, 2026, was before you switched on or chose "
                "the field, so it is not sent. "
                "The next is on Nov 20, 2027."
            ),
        ),
        (
            birthdays_of("11-20", since=None),
            (
                "This year's birthday, on Nov 20, 2026, is not sent while the integration is off. "
                "The next is on Nov 20, 2027."
            ),
        ),
        (
            birthdays_of("1996-02-29", celebrated=frozenset({2026})),
            "Sent this year, on Feb 28, 2026. The next is on Feb 28, 2027.",
        ),
    ],
)
def test_a_sentence_says_when_the_birthday_comes(birthdays: Birthdays, sentence: str) -> None:
    assert birthday_sentence(birthdays, CLOCK, NOW) == sentence


def test_29_february_is_28_february_except_in_leap_years() -> None:
    assert [str(birthday_in_year(2, 29, year)) for year in (2027, 2028)] == [
        "2027-02-28",
        "2028-02-29",
    ]
    assert birthday_in_year(2, 30, 2028) is None
