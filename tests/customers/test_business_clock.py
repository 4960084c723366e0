"""How a business's times and days are written: as its country writes them, in plain characters."""

from datetime import UTC, date, datetime, timedelta

import pytest
from babel import Locale

from customers.business_clock import UTC_CLOCK, BusinessClock

MOMENT = datetime(2026, 11, 25, 22, 26, 5, tzinfo=UTC)
LOS_ANGELES = BusinessClock("America/Los_Angeles", "US")


@pytest.mark.parametrize(
    ("time_zone", "country", "written"),
    [
        ("America/Los_Angeles", "US", "Nov 25, 2026, 2:26 PM"),
        ("Europe/Berlin", "DE", "25 Nov 2026, 23:26"),
        ("Europe/London", "GB", "25 Nov 2026, 22:26"),
        ("Europe/Stockholm", "SE", "25 Nov 2026, 23:26"),
        ("America/Toronto", "CA", "Nov 25, 2026, 5:26 pm"),
        ("Australia/Sydney", "AU", "26 Nov 2026, 9:26 am"),
        # CLDR has no English for these: the world's, with the country's own clock
        ("Asia/Tokyo", "JP", "26 Nov 2026, 07:26"),
        ("Asia/Seoul", "KR", "26 Nov 2026, 7:26 am"),
        ("America/Mexico_City", "MX", "25 Nov 2026, 4:26 pm"),
        ("America/Sao_Paulo", "BR", "25 Nov 2026, 19:26"),
        ("UTC", "", "25 Nov 2026, 22:26"),
        ("UTC", "XX", "25 Nov 2026, 22:26"),
    ],
)
def test_a_moment_is_written_as_the_country_writes_it(
    time_zone: str, country: str, written: str
) -> None:
    assert BusinessClock(time_zone, country).moment(MOMENT) == written


def test_days_and_times_alone() -> None:
    day = date(2026, 11, 25)
    assert LOS_ANGELES.day(day) == "Nov 25, 2026"
    assert LOS_ANGELES.short_day(day) == "Nov 25"
    assert LOS_ANGELES.long_day(day) == "Wednesday, November 25, 2026"
    assert LOS_ANGELES.weekday_and_day(day) == "Wednesday, November 25"
    assert BusinessClock("UTC", "DE").weekday_and_day(day) == "Wednesday, 25 November"
    assert LOS_ANGELES.hour(18) == "6:00 PM"
    assert BusinessClock("UTC", "DE").hour(9) == "09:00"
    assert LOS_ANGELES.moment(MOMENT, seconds=True) == "Nov 25, 2026, 2:26:05 PM"


def test_no_country_uses_spaces_that_nobody_types() -> None:
    countries = {Locale.parse(name).territory for name in ("en_US", "en_AU", "en_CA")}
    for country in {*countries, "FR", "JP", "KR", "CH", "FI", "IL"}:
        clock = BusinessClock("Asia/Tokyo", country or "")
        written = clock.moment(MOMENT, seconds=True) + clock.long_day(MOMENT.date())
        assert written.isascii(), written


@pytest.mark.parametrize(
    ("ago", "recent", "when"),
    [
        (timedelta(0), "2:26 PM", "at 2:26 PM"),
        (timedelta(days=1), "yesterday 2:26 PM", "yesterday at 2:26 PM"),
        (timedelta(days=2), "Nov 23, 2026, 2:26 PM", "on Nov 23, 2026, 2:26 PM"),
        (timedelta(days=-1), "Nov 26, 2026, 2:26 PM", "on Nov 26, 2026, 2:26 PM"),
    ],
)
def test_recent_times_have_words_for_their_day(ago: timedelta, recent: str, when: str) -> None:
    assert LOS_ANGELES.recent(MOMENT - ago, MOMENT) == recent
    assert LOS_ANGELES.when(MOMENT - ago, MOMENT) == when


def test_beside_other_businesses_each_time_names_its_zone() -> None:
    clock = BusinessClock("America/Los_Angeles", "US", names_zone=True)
    assert clock.moment(MOMENT) == "Nov 25, 2026, 2:26 PM America/Los_Angeles"
    assert clock.when(MOMENT, MOMENT) == "at 2:26 PM America/Los_Angeles"
    assert clock.day(MOMENT.date()) == "Nov 25, 2026"


def test_a_country_says_whether_the_month_comes_first() -> None:
    first = {code for code in ("US", "CA", "PH", "DE", "GB", "JP", "AU") if _month_first(code)}
    assert first == {"US", "CA", "PH"}
    assert not UTC_CLOCK.is_month_first


def _month_first(country: str) -> bool:
    return BusinessClock("UTC", country).is_month_first
