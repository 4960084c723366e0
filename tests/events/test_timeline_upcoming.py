"""The sentences about the swept events to come: the customer is lost, or has a birthday."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from customers.dates import birthday_in_year
from events.definitions.customer_context import Absence, Birthdays
from events.definitions.upcoming import birthday_sentence, lost_sentence

ZONE = "America/Los_Angeles"
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
                "Not lost until 9 December: a weekly customer may stay away for 14 days, "
                "counting from their last visit on 24 November."
            ),
        ),
        (
            absence_of(14),
            (
                "Not lost until 25 November: a weekly customer may stay away for 14 days, "
                "counting from their last visit on 10 November."
            ),
        ),
        (
            absence_of(3, visited=False, frequency="unknown", limit=92),
            (
                "Not lost until 22 February 2027: a customer without a regular rhythm may "
                "stay away for 92 days, counting "
                "from their signup on 21 November."
            ),
        ),
        (
            absence_of(0, frequency="monthly", limit=1),
            (
                "Not lost until 26 November: a monthly customer may stay away for 1 day, "
                "counting from their last visit on 24 November."
            ),
        ),
        (absence_of(15), "Lost since 24 November. The next nightly search finds it."),
        (
            absence_of(20, found_at=NOW - 5 * DAY),
            (
                "Found lost on 19 November at 10:00, counting from their last visit on 4 "
                "November. Their next visit ends it."
            ),
        ),
        (
            absence_of(400),
            (
                "Lost since 4 November 2025. That was before you switched on, so it is not sent. "
                "Their next visit ends it."
            ),
        ),
        (
            absence_of(20, enabled_at=None),
            (
                "Lost since 19 November, but we do not look for lost customers while the "
                "integration is off."
            ),
        ),
        # found on the very day of switching on
        (
            absence_of(20, enabled_at=NOW - 5 * DAY),
            "Lost since 19 November. The next nightly search finds it.",
        ),
        (
            absence_of(20, enabled_at=NOW - 4 * DAY),
            (
                "Lost since 19 November. That was before you switched on, so it is not sent. "
                "Their next visit ends it."
            ),
        ),
    ],
)
def test_a_sentence_says_when_the_customer_is_lost(absence: Absence, sentence: str) -> None:
    assert lost_sentence(absence, ZONE, NOW) == sentence


def test_days_are_in_the_business_s_time_zone() -> None:
    # 8 November 23:30 in Los Angeles, which is the 9th in UTC
    absence = absence_of(0, since=datetime(2026, 11, 9, 7, 30, tzinfo=UTC))
    assert (
        lost_sentence(absence, ZONE, NOW)
        == "Lost since 23 November. The next nightly search finds it."
    )
    assert (
        lost_sentence(absence, "UTC", NOW)
        == "Lost since 24 November. The next nightly search finds it."
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
        (birthdays_of("1988-12-24"), "Their birthday is on 24 December, at 09:00."),
        (birthdays_of("11-24", hour=11), "Their birthday is today, at 11:00."),
        (
            birthdays_of("11-24"),
            (
                "This year's birthday, on 24 November, is sent within a minute. The next is on "
                "24 November 2027."
            ),
        ),
        (
            birthdays_of("05-04", celebrated=frozenset({2026})),
            "Sent this year, on 4 May. The next is on 4 May 2027.",
        ),
        (
            birthdays_of("05-04", celebrated=frozenset({2025})),
            "This year's birthday, on 4 May, was not sent. The next is on 4 May 2027.",
        ),
        (
            birthdays_of("11-20", entered_at=NOW - DAY),
            (
                "This year's birthday, on 20 November, was over when it was entered, so it is "
                "not sent. The next is on 20 November 2027."
            ),
        ),
        (
            birthdays_of("11-20", since=NOW - DAY),
            (
                "This year's birthday, on 20 November, was before you switched on or chose "
                "the field, so it is not sent. "
                "The next is on 20 November 2027."
            ),
        ),
        (
            birthdays_of("11-20", since=None),
            (
                "This year's birthday, on 20 November, is not sent while the integration is off. "
                "The next is on 20 November 2027."
            ),
        ),
        (
            birthdays_of("1996-02-29", celebrated=frozenset({2026})),
            "Sent this year, on 28 February. The next is on 28 February 2027.",
        ),
    ],
)
def test_a_sentence_says_when_the_birthday_comes(birthdays: Birthdays, sentence: str) -> None:
    assert birthday_sentence(birthdays, ZONE, NOW) == sentence


def test_29_february_is_28_february_except_in_leap_years() -> None:
    assert [str(birthday_in_year(2, 29, year)) for year in (2027, 2028)] == [
        "2027-02-28",
        "2028-02-29",
    ]
    assert birthday_in_year(2, 30, 2028) is None
