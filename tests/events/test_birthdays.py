"""Customer Birthday: once per customer and year, at the chosen hour, caught up for three days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from customers.models import Business, Customer, CustomField, CustomFieldValue
from events.models import Celebration, Integration
from events.sweeps import birthdays
from smrt_integration.tasks import sweep_birthdays
from tests.conftest import WRITE_KEY
from tests.events.other_connections import at_once
from tests.events.outbox_rows import names, nothing_written, waiting
from tests.factories import BusinessFactory, CustomFieldFactory

pytestmark = pytest.mark.django_db
ANGELES = ZoneInfo("America/Los_Angeles")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MAY_4 = date(2025, 5, 4)
NINE = datetime(2025, 5, 4, 9, tzinfo=ANGELES)


def create_business(
    time_zone: str = "America/Los_Angeles", since: datetime = LONG_AGO, **config: Any
) -> Business:
    """Create a business that switched on and chose its birthday field at `since`."""
    business: Business = BusinessFactory.create(time_zone=time_zone)
    field = CustomFieldFactory.create(business=business, birthday=True)
    defaults = {"enabled": True, "enabled_at": since, "birthday_field": field}
    integration = Integration.objects.create(
        business=business, write_key=WRITE_KEY, **{**defaults, **config}
    )
    Integration.objects.filter(pk=integration.pk, birthday_field__isnull=False).update(
        birthday_field_since=since
    )
    return business


def create_customer(business: Business, birthday: str, entered: datetime = LONG_AGO) -> Customer:
    """Create a customer without signals: only sweeps record events."""
    (customer,) = Customer.objects.bulk_create([Customer(business=business, created_at=LONG_AGO)])
    field = CustomField.objects.get(business=business)
    CustomFieldValue.objects.bulk_create(
        [CustomFieldValue(customer=customer, field=field, value=birthday, updated_at=entered)]
    )
    return customer


def sweep_times(day: date) -> Iterator[datetime]:
    """Return the times of sweeps: every six hours for a week, from two days before the day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ANGELES)
    return (midnight + step * 6 * HOUR for step in range(-8, 20))


def sweep_around(*days: date) -> list[str]:
    """Sweep around these days. Return the times of the recorded events."""
    for day in days:
        for now in sweep_times(day):
            birthdays.sweep(now)
    return [
        row.occurred_at.astimezone(ANGELES).isoformat()
        for row in waiting(event="Customer Birthday")
    ]


@pytest.mark.parametrize("birthday", ["1990-05-04", "05-04"])
def test_the_event_is_recorded_at_the_hour_with_the_day(birthday: str) -> None:
    business = create_business()
    customer = create_customer(business, birthday)
    with nothing_written():
        assert birthdays.sweep(NINE - timedelta(microseconds=1)) == 0
    assert birthdays.sweep(NINE) == 1
    (row,) = waiting()
    assert (row.event, row.customer_id, row.subject_id, row.user_id) == (
        "Customer Birthday",
        customer.pk,
        customer.pk,
        customer.uuid,
    )
    assert (row.business_id, row.occurred_at, row.facts) == (
        business.pk,
        NINE,
        {"birthday": "05-04"},
    )


@pytest.mark.parametrize("hour", [0, 1, 12, 23])
def test_the_business_chooses_the_hour(hour: int) -> None:
    create_customer(create_business(birthday_hour=hour), "05-04")
    at = datetime(2025, 5, 4, hour, tzinfo=ANGELES)
    assert birthdays.sweep(at - timedelta(microseconds=1)) == 0
    assert birthdays.sweep(at) == 1
    assert waiting()[0].occurred_at == at


def test_the_hour_is_on_each_business_s_own_clock() -> None:
    zones = [
        "Pacific/Kiritimati",
        "Asia/Kolkata",
        "Europe/Dublin",
        "America/Los_Angeles",
        "Pacific/Honolulu",
    ]
    businesses = {zone: create_business(zone) for zone in zones}
    for business in businesses.values():
        create_customer(business, "05-04")
    start = datetime(2025, 5, 3, tzinfo=UTC)
    for half_hour in range(120):
        birthdays.sweep(start + half_hour * HOUR / 2)
    assert [(row.business_id, row.occurred_at) for row in waiting()] == [
        (businesses[zone].pk, datetime(2025, 5, 4, 9, tzinfo=ZoneInfo(zone))) for zone in zones
    ]


def test_a_birthday_is_recorded_once_a_year_however_often_the_sweep_runs() -> None:
    create_customer(create_business(), "1990-05-04")
    assert sweep_around(MAY_4, MAY_4, date(2026, 5, 4)) == [
        "2025-05-04T09:00:00-07:00",
        "2026-05-04T09:00:00-07:00",
    ]
    assert sorted(Celebration.objects.values_list("year", flat=True)) == [2025, 2026]


@pytest.mark.parametrize(
    ("birthday", "days"),
    [
        ("02-29", ["2027-02-28", "2028-02-29", "2029-02-28"]),
        ("1992-02-29", ["2027-02-28", "2028-02-29", "2029-02-28"]),
        ("02-28", ["2027-02-28", "2028-02-28", "2029-02-28"]),
        ("03-01", ["2027-03-01", "2028-03-01", "2029-03-01"]),
        ("12-31", ["2027-12-31", "2028-12-31", "2029-12-31"]),
        ("01-01", ["2028-01-01", "2029-01-01", "2030-01-01"]),
    ],
)
def test_birthdays_on_29_february_and_at_new_year_are_found(birthday: str, days: list[str]) -> None:
    create_customer(create_business(), birthday)
    times = sweep_around(
        *(
            date(year, month, day)
            for year in (2027, 2028, 2029)
            for month, day in ((3, 1), (12, 31))
        )
    )
    assert times == [f"{day}T09:00:00-08:00" for day in days]
    assert {row.facts["birthday"] for row in waiting()} == {birthday[-5:]}


@pytest.mark.parametrize("year", [2000, 2100])
def test_a_century_that_is_no_leap_year_has_no_29_february(year: int) -> None:
    create_customer(create_business(since=datetime(1999, 1, 1, tzinfo=UTC)), "02-29")
    Customer.objects.update(created_at=datetime(1999, 1, 1, tzinfo=UTC))
    CustomFieldValue.objects.update(updated_at=datetime(1999, 1, 1, tzinfo=UTC))
    is_leap_year = year == 2000
    assert birthdays.sweep(datetime(year, 2, 28, 10, tzinfo=ANGELES)) == (not is_leap_year)
    if is_leap_year:
        assert birthdays.sweep(datetime(year, 2, 29, 10, tzinfo=ANGELES)) == 1


@pytest.mark.parametrize(
    ("birthday", "day"),
    [("05-04", MAY_4), ("12-31", date(2025, 12, 31)), ("12-29", date(2025, 12, 29))],
)
def test_three_days_without_a_sweep_are_caught_up_and_four_are_not(
    birthday: str, day: date
) -> None:
    create_customer(create_business(), birthday)
    at = datetime(day.year, day.month, day.day, 9, tzinfo=ANGELES)
    midnight = at - 9 * HOUR
    with nothing_written():
        assert birthdays.sweep(midnight + 4 * DAY) == 0
    assert birthdays.sweep(midnight + 4 * DAY - timedelta(microseconds=1)) == 1
    assert [row.occurred_at for row in waiting()] == [at]
    assert Celebration.objects.get().year == day.year
    with nothing_written():
        assert birthdays.sweep(midnight + 4 * DAY - timedelta(microseconds=1)) == 0


def test_hours_without_a_sweep_are_caught_up() -> None:
    create_customer(create_business(), "05-04")
    assert birthdays.sweep(NINE + 14 * HOUR) == 1
    assert waiting()[0].occurred_at == NINE


def test_a_birthday_that_is_corrected_within_the_year_is_not_recorded_again() -> None:
    customer = create_customer(create_business(), "05-04")
    birthdays.sweep(NINE)
    CustomFieldValue.objects.filter(customer=customer).update(value="05-06", updated_at=NINE)
    assert sweep_around(MAY_4, date(2025, 5, 6)) == [NINE.isoformat()]


class TestLateBirthday:
    def test_a_birthday_entered_on_the_day_itself_is_recorded_at_once(self) -> None:
        create_customer(create_business(), "05-04", entered=NINE + 3 * HOUR)
        assert birthdays.sweep(NINE + 3 * HOUR) == 1

    def test_a_birthday_entered_after_the_day_is_recorded_next_year(self) -> None:
        create_customer(create_business(), "05-04", entered=NINE + DAY)
        for now in sweep_times(date(2025, 5, 8)):
            assert birthdays.sweep(now) == 0
        assert sweep_around(date(2026, 5, 4)) == ["2026-05-04T09:00:00-07:00"]

    def test_a_birthday_entered_before_the_hour_of_a_day_without_a_sweep_is_caught_up(self) -> None:
        create_customer(create_business(), "05-04", entered=NINE - HOUR)
        assert birthdays.sweep(NINE + 2 * DAY) == 1

    def test_a_birthday_entered_after_the_hour_of_a_day_without_a_sweep_is_not_caught_up(
        self,
    ) -> None:
        create_customer(create_business(), "05-04", entered=NINE + HOUR)
        with nothing_written():
            assert birthdays.sweep(NINE + 2 * DAY) == 0


class TestBusiness:
    @pytest.mark.parametrize("config", [{"enabled": False}, {"birthday_field": None}])
    def test_a_business_that_is_off_or_has_no_birthday_field_records_nothing(
        self, config: dict[str, Any]
    ) -> None:
        create_customer(create_business(**config), "05-04")
        with nothing_written():
            assert sweep_around(MAY_4) == []
        assert not Celebration.objects.exists()

    def test_unmuting_the_event_records_no_past_birthday(self) -> None:
        create_customer(create_business(muted=["Customer Birthday"]), "05-04")
        with nothing_written():
            birthdays.sweep(NINE)
        Integration.objects.update(muted=[])
        with nothing_written():
            birthdays.sweep(NINE + HOUR)
        assert sweep_around(MAY_4, date(2026, 5, 4)) == ["2026-05-04T09:00:00-07:00"]

    def test_switching_on_records_birthdays_of_that_day_and_of_no_earlier_one(self) -> None:
        business = create_business()
        Integration.objects.update(enabled_at=NINE + 6 * HOUR)
        create_customer(business, "05-04")
        create_customer(business, "05-03")
        assert birthdays.sweep(NINE + 6 * HOUR) == 1
        assert waiting()[0].facts == {"birthday": "05-04"}

    def test_choosing_the_birthday_field_later_records_birthdays_from_that_day_on(self) -> None:
        business = create_business()
        Integration.objects.update(birthday_field_since=NINE + 6 * HOUR)
        create_customer(business, "05-04")
        create_customer(business, "05-03")
        assert birthdays.sweep(NINE + 6 * HOUR) == 1
        assert waiting()[0].facts == {"birthday": "05-04"}

    def test_the_sweep_reads_only_the_birthday_field(self) -> None:
        business = create_business()
        customer = create_customer(business, "05-05")
        anniversary = CustomFieldFactory.create(business=business, kind="DATE", name="Wedding day")
        CustomFieldValue.objects.bulk_create(
            [
                CustomFieldValue(
                    customer=customer, field=anniversary, value="05-04", updated_at=LONG_AGO
                )
            ]
        )
        with nothing_written():
            assert birthdays.sweep(NINE) == 0

    def test_the_sweep_ignores_text_that_is_no_birthday(self) -> None:
        """A field that holds dates today may have held anything before."""
        business = create_business()
        for text in (
            "call after 05-04",
            "2025-13-05-04",
            "x05-04",
            "1990-5-04",
            " 05-04",
            "19900-05-04",
        ):
            create_customer(business, text)
        with nothing_written():
            assert birthdays.sweep(NINE) == 0

    def test_an_hour_that_comes_twice_records_once_and_never_in_the_future(
        self,
    ) -> None:
        create_customer(create_business(birthday_hour=1), "11-02")
        one_o_clock = datetime(2025, 11, 2, 8, 0, tzinfo=UTC)
        assert birthdays.sweep(one_o_clock - timedelta(microseconds=1)) == 0
        assert birthdays.sweep(one_o_clock) == 1
        assert birthdays.sweep(one_o_clock + HOUR) == 0
        assert waiting()[0].occurred_at == one_o_clock

    @pytest.mark.parametrize(
        ("zone", "birthday", "hour", "due"),
        [
            ("America/Los_Angeles", "03-09", 2, "2025-03-09T10:00:00"),
            ("Asia/Beirut", "03-30", 0, "2025-03-29T22:00:00"),
            ("America/Havana", "03-09", 0, "2025-03-09T05:00:00"),
        ],
    )
    def test_an_hour_that_the_clock_skips_records_at_the_next_time_that_exists(
        self, zone: str, birthday: str, hour: int, due: str
    ) -> None:
        create_customer(create_business(zone, birthday_hour=hour), birthday)
        at = datetime.fromisoformat(due).replace(tzinfo=UTC)
        assert birthdays.sweep(at - timedelta(microseconds=1)) == 0
        assert birthdays.sweep(at) == 1
        assert waiting()[0].occurred_at == at


def test_the_task_returns_the_number_of_events() -> None:
    business = create_business(birthday_hour=0)
    create_customer(business, business.today().isoformat())
    assert sweep_birthdays() == "1 recorded"
    assert sweep_birthdays() == "0 recorded"
    assert names() == ["Customer Birthday"]


@pytest.mark.django_db(transaction=True)
def test_concurrent_sweeps_record_each_birthday_once() -> None:
    customers = [
        create_customer(business, "05-04")
        for business in [create_business() for _ in range(4)]
        for _ in range(10)
    ]
    assert sum(at_once(*[lambda: birthdays.sweep(NINE)] * 4)) == 40
    assert sorted(row.customer_id for row in waiting()) == sorted(
        customer.pk for customer in customers
    )
