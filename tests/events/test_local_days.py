"""Sweeps count the business's local days, even if clocks change or a day is skipped."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customers.lost import LOST_ON_SQL, lost_on
from customers.models import Customer
from customers.zones import local_day
from events.models import Integration, Outgoing
from events.sweeps import lost
from tests.events.outbox_rows import names, waiting
from tests.events.test_lost import create_business, create_customer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# Hypothesis takes naive bounds and adds the zone.
FIRST_MOMENT, LAST_MOMENT = datetime(2005, 1, 1), datetime(2035, 1, 1)  # noqa: DTZ001
# In Beirut, Cairo and Havana clocks go forward at midnight, so that day begins at one o'clock. On
# Lord Howe they go forward by half an hour. Kathmandu's offset ends in 45 minutes. Kiritimati is a
# day ahead of Honolulu. Casablanca's clocks go back for a month. Apia had no 30 December in 2011.
ZONES = [
    "America/Los_Angeles",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
    "Europe/Dublin",
    "UTC",
]


def first_sweep(zone: str, last: datetime, limit: int, times: list[datetime]) -> datetime | None:
    """Return the time of the sweep that finds the customer. No later one may find them again."""
    business = create_business(zone, since=datetime(2010, 1, 1, tzinfo=UTC), weekly_limit=limit)
    create_customer(business, last, created_at=last - DAY)
    finding_sweeps = [now for now in times if lost.sweep(now)]
    assert len(finding_sweeps) <= 1
    return finding_sweeps[0] if finding_sweeps else None


@pytest.mark.parametrize(
    ("zone", "last", "at"),
    [
        # the last second of a day and the first of the next
        ("America/Los_Angeles", "2025-05-02T06:59:59", "2025-05-16T07:00:00"),
        ("America/Los_Angeles", "2025-05-02T07:00:00", "2025-05-17T07:00:00"),
        # over the night on which the clocks go forward, and the one on which they go back
        ("America/Los_Angeles", "2025-03-01T20:00:00", "2025-03-16T07:00:00"),
        ("America/Los_Angeles", "2025-10-25T19:00:00", "2025-11-09T08:00:00"),
        # the fifteenth day begins at one o'clock, because there is no midnight
        ("Asia/Beirut", "2025-03-15T10:00:00", "2025-03-29T22:00:00"),
        ("America/Havana", "2025-02-22T15:00:00", "2025-03-09T05:00:00"),
        ("Africa/Cairo", "2025-04-10T10:00:00", "2025-04-24T22:00:00"),
        # last visits on the 15th, 16th and 17th of a December that had no 30th
        ("Pacific/Apia", "2011-12-16T00:00:00", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2011-12-17T00:00:00", "2011-12-30T10:00:00"),
        ("Pacific/Apia", "2011-12-18T00:00:00", "2011-12-31T10:00:00"),
    ],
)
def test_the_first_day_over_the_limit_begins_at_local_midnight(
    zone: str, last: str, at: str
) -> None:
    last_visit, start = (
        datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (last, at)
    )
    assert first_sweep(zone, last_visit, 14, [start - timedelta(microseconds=1), start]) == start


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    zone=st.sampled_from(ZONES),
    seconds=st.integers(0, 3 * 366 * 86_400),
    limit=st.integers(1, 20),
    hours=st.lists(st.integers(1, 60), min_size=1, max_size=30),
)
@example(zone="Asia/Beirut", seconds=439 * 86_400, limit=14, hours=[1] * 30)
def test_the_first_sweep_from_the_day_that_python_computes_finds_the_customer(
    zone: str, seconds: int, limit: int, hours: list[int], db: None
) -> None:
    last = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    times = [
        last + limit * DAY + timedelta(hours=sum(hours[:count])) for count in range(len(hours) + 1)
    ]
    Outgoing.objects.all().delete()
    Integration.objects.all().delete()
    day = lost_on(last, zone, limit)
    expected = next((now for now in times if local_day(now, zone) >= day), None)
    assert first_sweep(zone, last, limit, times) == expected
    assert [row.facts["days_since_visit"] for row in waiting()] == (
        [(local_day(expected, zone) - local_day(last, zone)).days] if expected else []
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    zone=st.sampled_from([*ZONES, "Pacific/Apia"]),
    last=st.datetimes(FIRST_MOMENT, LAST_MOMENT, timezones=st.just(UTC)),
    limit=st.integers(1, 1_000),
)
def test_the_database_and_python_agree_on_the_first_day_as_lost(
    zone: str, last: datetime, limit: int, db: None
) -> None:
    rule = LOST_ON_SQL.format(
        since="%(last)s::timestamptz", time_zone="%(zone)s", limit="%(limit)s::smallint"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {rule}", {"last": last, "zone": zone, "limit": limit})
        assert cursor.fetchone() == (lost_on(last, zone, limit),)


def test_each_business_is_swept_when_its_own_day_begins() -> None:
    """All last visits are on 1 May, but the day after the limit begins at different times."""
    businesses = {
        zone: create_business(zone)
        for zone in ("Pacific/Kiritimati", "Europe/Dublin", "Pacific/Honolulu")
    }
    for zone, business in businesses.items():
        create_customer(business, datetime(2025, 5, 1, 12, tzinfo=ZoneInfo(zone)))
    order = []
    for hour in range(60):
        now = datetime(2025, 5, 15, tzinfo=UTC) + timedelta(hours=hour)
        if lost.sweep(now):
            row = waiting()[-1]
            zone = next(
                zone for zone, business in businesses.items() if business.pk == row.business_id
            )
            order.append((zone, now.astimezone(ZoneInfo(zone)).isoformat()))
    assert order == [
        ("Pacific/Kiritimati", "2025-05-16T00:00:00+14:00"),
        ("Europe/Dublin", "2025-05-16T00:00:00+01:00"),
        ("Pacific/Honolulu", "2025-05-16T00:00:00-10:00"),
    ]
    assert Customer.objects.count() == len(names()) == 3
    assert {row.facts["days_since_visit"] for row in waiting()} == {
        (date(2025, 5, 16) - date(2025, 5, 1)).days
    }
