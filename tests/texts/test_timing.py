"""The times at which texts are sent, in each time zone, and until which a reply counts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.texts.timing import (
    END_OF_EVENING,
    TEXT_BACKOFF_CEILING,
    has_van_left,
    sending_window,
    text_backoff,
)
from customers.zones import known_zones

LOS_ANGELES, BERLIN, SYDNEY = "America/Los_Angeles", "Europe/Berlin", "Australia/Sydney"


def at(zone: str, local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("local", "due"),
    [
        ("2026-11-23 00:00:00", False),
        ("2026-11-23 17:59:59", False),
        ("2026-11-23 18:00:00", True),
        ("2026-11-23 18:30:00", True),
        ("2026-11-23 20:59:59", True),  # a missed run is caught up
        ("2026-11-23 21:00:00", False),  # but not at night
        ("2026-11-23 23:59:59", False),
    ],
)
@pytest.mark.parametrize(
    "zone", [LOS_ANGELES, BERLIN, SYDNEY, "Asia/Kathmandu", "Pacific/Kiritimati"]
)
def test_texts_are_sent_from_the_chosen_hour_until_nine(zone: str, local: str, due: bool) -> None:
    window = sending_window(at(zone, local), zone, 18)
    assert (window is not None) is due
    if window:
        assert window == (date(2026, 11, 24), at(zone, "2026-11-23 21:00"))


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        (LOS_ANGELES, "2026-03-07", 2),  # the evening before the clock skips an hour
        (LOS_ANGELES, "2026-03-08", 1),
        (LOS_ANGELES, "2026-10-31", 1),
        (LOS_ANGELES, "2026-11-01", 2),  # one hour came twice that day
        (BERLIN, "2026-03-29", 16),
        (BERLIN, "2026-10-25", 17),
        (SYDNEY, "2026-10-04", 7),
        (SYDNEY, "2026-04-05", 8),
    ],
)
def test_the_hour_is_local_when_clocks_change(zone: str, day: str, utc: int) -> None:
    six = at(zone, f"{day} 18:00")
    assert six.hour == utc
    assert sending_window(six - timedelta(seconds=1), zone, 18) is None
    window = sending_window(six, zone, 18)
    assert window
    assert window.pickup_date == date.fromisoformat(day) + timedelta(days=1)
    assert window.ends_at - six == timedelta(hours=3)


@given(
    st.floats(1.6e9, 2.1e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(sorted(known_zones())),
    st.integers(12, END_OF_EVENING - 1),
)
def test_texts_are_never_due_at_night_and_always_about_tomorrow(
    now: datetime, zone: str, hour: int
) -> None:
    local = now.astimezone(ZoneInfo(zone))
    window = sending_window(now, zone, hour)
    assert (window is not None) == (hour <= local.hour < 21)
    if window:
        assert window.pickup_date == local.date() + timedelta(days=1)
        assert now < window.ends_at
        assert window.ends_at.astimezone(ZoneInfo(zone)).hour == 21
        assert not has_van_left(window.pickup_date, now, zone, 0)


@pytest.mark.parametrize(
    ("local", "late"),
    [
        ("2026-11-23 18:00", False),
        ("2026-11-23 23:59", False),
        ("2026-11-24 00:00", False),
        ("2026-11-24 07:59", False),
        ("2026-11-24 08:00", True),
        ("2026-11-24 23:00", True),
        ("2026-11-25 03:00", True),
    ],
)
@pytest.mark.parametrize("zone", [LOS_ANGELES, BERLIN, SYDNEY])
def test_a_reply_counts_until_the_van_leaves(zone: str, local: str, late: bool) -> None:
    assert has_van_left(date(2026, 11, 24), at(zone, local), zone, 8) is late


def test_the_backoff_doubles_up_to_ten_minutes_and_respects_retry_after() -> None:
    assert [text_backoff(attempts).total_seconds() for attempts in range(8)] == [
        30,
        30,
        60,
        120,
        240,
        480,
        600,
        600,
    ]
    assert text_backoff(1, retry_after=90) == timedelta(seconds=90)
    assert text_backoff(5, retry_after=3) == timedelta(seconds=480)


@given(st.integers(0, 32_767), st.none() | st.floats(0, 1e12))
def test_the_backoff_has_limits(attempts: int, retry_after: float | None) -> None:
    assert (
        timedelta(seconds=30)
        <= text_backoff(attempts, retry_after)
        <= max(TEXT_BACKOFF_CEILING, timedelta(days=1))
    )
