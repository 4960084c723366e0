from datetime import UTC, date, datetime, timedelta

import pytest

from customers.lost import DEFAULT_LIMITS, absent_since, lost_on
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
    ("limit", "day"), [(1, date(2026, 3, 4)), (31, date(2026, 4, 3)), (399, date(2027, 4, 6))]
)
def test_a_customer_is_lost_on_the_first_day_over_the_limit(limit: int, day: date) -> None:
    assert lost_on(NOON, LOS_ANGELES, limit) == day


def test_absence_counts_from_the_last_visit_or_from_a_signup_that_came_later() -> None:
    assert absent_since(NOON, NOON - timedelta(days=9)) == NOON
    assert absent_since(NOON - timedelta(days=9), NOON) == NOON
    assert absent_since(None, NOON) == NOON


@pytest.mark.parametrize(
    ("time_zone", "last", "day"),
    [
        # Midnight in Los Angeles is at 08:00 UTC in winter.
        (LOS_ANGELES, datetime(2026, 3, 2, 8, tzinfo=UTC), date(2026, 3, 4)),
        (LOS_ANGELES, datetime(2026, 3, 3, 7, 59, tzinfo=UTC), date(2026, 3, 4)),
        (LOS_ANGELES, datetime(2026, 3, 2, 7, 59, tzinfo=UTC), date(2026, 3, 3)),
        # Clocks go forward on 8 March: a day of 23 hours is a day.
        (LOS_ANGELES, datetime(2026, 3, 7, 20, tzinfo=UTC), date(2026, 3, 9)),
        # The 24th of April begins at 01:00 in Cairo.
        ("Africa/Cairo", datetime(2026, 4, 23, 21, 59, tzinfo=UTC), date(2026, 4, 25)),
        ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC), date(2026, 4, 26)),
    ],
)
def test_days_are_counted_on_the_business_s_calendar(
    time_zone: str, last: datetime, day: date
) -> None:
    assert lost_on(last, time_zone, 1) == day
