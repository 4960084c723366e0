"""Sweeps at any times record the birthdays that a simple calendar in Python expects."""

from calendar import isleap
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customers.zones import local_day
from events.sweeps import birthdays
from tests.events.outbox_rows import waiting
from tests.events.test_birthdays import create_business, create_customer
from tests.events.test_local_days import ZONES

pytestmark = pytest.mark.django_db
CATCH_UP = timedelta(days=3)


def celebrated_on(birthday: str, year: int) -> date:
    month, day = int(birthday[:2]), int(birthday[3:])
    return (
        date(year, 2, 28)
        if (month, day) == (2, 29) and not isleap(year)
        else date(year, month, day)
    )


def due_birthdays(
    birthday: str, hour: int, zone: str, sweeps: list[datetime]
) -> Iterator[tuple[int, int]]:
    """Yield the number of each sweep that finds the birthday, with the year that it finds."""
    done: set[int] = set()
    for number, now in enumerate(sweeps):
        clock = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for year in (clock.year - 1, clock.year):
            day = celebrated_on(birthday, year)
            from_hour = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001
            if year not in done and clock >= from_hour and local_day(now, zone) <= day + CATCH_UP:
                done.add(year)
                yield number, year


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    zone=st.sampled_from([*ZONES, "Pacific/Apia"]),
    day=st.integers(0, 365),
    hour=st.integers(0, 23),
    start=st.integers(-30, 30),
    year=st.sampled_from([2011, 2023, 2024, 2025, 2028]),
    gaps=st.lists(st.sampled_from([1, 3, 6, 12, 24, 49, 80, 96, 130]), min_size=1, max_size=25),
)
@example(zone="Africa/Cairo", day=59, hour=9, start=0, year=2025, gaps=[6] * 20)
@example(zone="Pacific/Apia", day=364, hour=9, start=0, year=2011, gaps=[3] * 20)
@example(zone="America/Los_Angeles", day=365, hour=23, start=4, year=2025, gaps=[80, 1, 1])
def test_each_sweep_finds_what_is_due_at_its_time(
    zone: str, day: int, hour: int, start: int, year: int, gaps: list[int], db: None
) -> None:
    # a leap year, to have the 29th of February
    birthday = f"{date(2024, 1, 1) + timedelta(days=day):%m-%d}"
    midnight = datetime.combine(celebrated_on(birthday, year), datetime.min.time(), UTC)
    sweeps = [
        midnight + timedelta(hours=start + sum(gaps[:count])) for count in range(len(gaps) + 1)
    ]
    with transaction.atomic():
        long_ago = datetime(2005, 1, 1, tzinfo=UTC)
        create_customer(
            create_business(zone, since=long_ago, birthday_hour=hour), birthday, entered=long_ago
        )
        finding_sweeps = [number for number, now in enumerate(sweeps) if birthdays.sweep(now)]
        rows = waiting()
        transaction.set_rollback(True)
    expected = list(due_birthdays(birthday, hour, zone, sweeps))
    assert finding_sweeps == [number for number, _ in expected]
    for row, (number, due_year) in zip(rows, expected, strict=True):
        assert row.facts == {"birthday": birthday}
        assert row.occurred_at <= sweeps[number]
        assert abs(
            local_day(row.occurred_at, zone) - celebrated_on(birthday, due_year)
        ) <= timedelta(days=1)
