from datetime import UTC, datetime, timedelta

import pytest

from customers.lost import DEFAULT_LIMITS, days_since, is_lost
from customers.models import Customer

NOON = datetime(2026, 3, 2, 20, tzinfo=UTC)
LOS_ANGELES = "America/Los_Angeles"


def test_every_visit_frequency_has_a_limit() -> None:
    assert dict(DEFAULT_LIMITS) == {
        "weekly": 14,
        "bi-weekly": 31,
        "monthly": 62,
        "irregular": 92,
        "unknown": 92,
    }
    assert set(DEFAULT_LIMITS) == set(Customer.VisitFrequency.values)


@pytest.mark.parametrize(
    ("days", "lost"), [(0, False), (30, False), (31, False), (32, True), (400, True)]
)
def test_a_customer_is_lost_after_more_days_than_the_limit(days: int, lost: bool) -> None:
    assert is_lost(NOON, NOON + timedelta(days=days), LOS_ANGELES, 31) is lost


@pytest.mark.parametrize(
    ("time_zone", "last", "now", "days"),
    [
        # Midnight there is at 08:00 UTC in winter: two instants of a day, and two minutes that make one.
        (
            LOS_ANGELES,
            datetime(2026, 3, 2, 8, tzinfo=UTC),
            datetime(2026, 3, 3, 7, 59, tzinfo=UTC),
            0,
        ),
        (
            LOS_ANGELES,
            datetime(2026, 3, 2, 7, 59, tzinfo=UTC),
            datetime(2026, 3, 2, 8, 1, tzinfo=UTC),
            1,
        ),
        # Clocks go forward on 8 March: a day of 23 hours is a day.
        (
            LOS_ANGELES,
            datetime(2026, 3, 7, 20, tzinfo=UTC),
            datetime(2026, 3, 9, 19, tzinfo=UTC),
            2,
        ),
        # The 24th of April begins at 01:00 in Cairo.
        (
            "Africa/Cairo",
            datetime(2026, 4, 23, 21, 59, tzinfo=UTC),
            datetime(2026, 4, 23, 22, tzinfo=UTC),
            1,
        ),
    ],
)
def test_days_are_counted_on_the_business_s_calendar(
    time_zone: str, last: datetime, now: datetime, days: int
) -> None:
    assert days_since(last, now, time_zone) == days
