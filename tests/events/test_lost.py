"""Customer Lost: once per lapse, on the first local day over the limit."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from customers.lost import DEFAULT_LIMITS
from customers.models import Business, Customer
from customers.zones import iso_utc
from events.models import Integration, Lapse, SweepDone
from events.sweeps import lost
from smrt_integration.tasks import sweep_lost
from tests.conftest import WRITE_KEY
from tests.events.other_connections import at_once
from tests.events.outbox_rows import names, nothing_written, waiting
from tests.factories import BusinessFactory

pytestmark = pytest.mark.django_db
ANGELES = ZoneInfo("America/Los_Angeles")
DAY = timedelta(days=1)
LAST_VISIT = datetime(2025, 5, 1, 18, 30, 15, 123_456, tzinfo=ANGELES)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


def create_business(
    time_zone: str = "America/Los_Angeles", since: datetime = LONG_AGO, **config: Any
) -> Business:
    business: Business = BusinessFactory.create(time_zone=time_zone)
    Integration.objects.create(
        business=business, write_key=WRITE_KEY, **{"enabled": True, "enabled_at": since, **config}
    )
    return business


def create_customer(
    business: Business,
    last_visit: datetime | None = LAST_VISIT,
    frequency: str = "weekly",
    **details: Any,
) -> Customer:
    """Create a customer without signals: only sweeps record events."""
    unsaved = Customer(
        business=business,
        last_visit=last_visit,
        visit_frequency=frequency,
        **{"created_at": LONG_AGO, **details},
    )
    return Customer.objects.bulk_create([unsaved])[0]


def midnight(days: int, zone: ZoneInfo = ANGELES) -> datetime:
    """Return the start of the day that is this many days after that of the visit."""
    return datetime(2025, 5, 1, tzinfo=zone) + days * DAY


def days_with_lost_customers(business: Business, until: int) -> list[int]:
    """Return the days after the visit on which a sweep finds a customer. Two sweeps run a day."""
    return [
        days
        for days in range(until)
        if lost.sweep(midnight(days)) + lost.sweep(midnight(days) + DAY / 2)
    ]


def test_the_limits_of_a_new_integration_are_the_contract_s() -> None:
    fields = {
        "weekly": "weekly_limit",
        "bi-weekly": "bi_weekly_limit",
        "monthly": "monthly_limit",
        "irregular": "irregular_limit",
    }
    new = Integration()
    assert {name: getattr(new, field) for name, field in fields.items()} | {
        "unknown": new.irregular_limit
    } == DEFAULT_LIMITS


@pytest.mark.parametrize(("frequency", "limit"), DEFAULT_LIMITS.items())
def test_each_visit_frequency_has_its_limit(frequency: str, limit: int) -> None:
    business = create_business()
    lost_customer = create_customer(business, frequency=frequency)
    with nothing_written():
        assert lost.sweep(midnight(limit) + DAY - timedelta(microseconds=1)) == 0
    now = midnight(limit + 1)
    assert lost.sweep(now) == 1
    (row,) = waiting()
    assert (row.event, row.customer_id, row.subject_id, row.business_id, row.user_id) == (
        "Customer Lost",
        lost_customer.pk,
        lost_customer.pk,
        business.pk,
        lost_customer.uuid,
    )
    assert row.occurred_at == now
    assert row.facts == {
        "last_visit": "2025-05-02T01:30:15.123Z",
        "days_since_visit": limit + 1,
        "visit_frequency": frequency,
    }


@pytest.mark.parametrize(
    ("frequency", "field"),
    [
        ("weekly", "weekly_limit"),
        ("bi-weekly", "bi_weekly_limit"),
        ("monthly", "monthly_limit"),
        ("irregular", "irregular_limit"),
        ("unknown", "irregular_limit"),
    ],
)
@pytest.mark.parametrize("limit", [1, 5])
def test_a_business_may_set_limits_of_its_own(frequency: str, field: str, limit: int) -> None:
    others = {"weekly_limit", "bi_weekly_limit", "monthly_limit", "irregular_limit"} - {field}
    config: dict[str, Any] = {field: limit} | dict.fromkeys(others, 900)
    business = create_business(**config)
    create_customer(business, frequency=frequency)
    assert days_with_lost_customers(business, 10) == [limit + 1]


def test_a_customer_is_lost_once_in_a_lapse() -> None:
    business = create_business()
    create_customer(business)
    assert days_with_lost_customers(business, 120) == [15]
    assert Lapse.objects.count() == 1


def test_a_visit_ends_the_lapse_and_a_later_lapse_is_recorded() -> None:
    business = create_business()
    lost_customer = create_customer(business)
    assert days_with_lost_customers(business, 20) == [15]
    lost_customer.last_visit = LAST_VISIT + 20 * DAY
    Customer.objects.bulk_update([lost_customer], ["last_visit"])
    assert [days for days in range(20, 60) if lost.sweep(midnight(days))] == [35]
    assert [row.facts["last_visit"] for row in waiting()] == [
        "2025-05-02T01:30:15.123Z",
        "2025-05-22T01:30:15.123Z",
    ]


def test_a_customer_who_only_signed_up_counts_from_then() -> None:
    business = create_business()
    create_customer(business, last_visit=None, created_at=LAST_VISIT)
    assert days_with_lost_customers(business, 30) == [15]
    assert waiting()[0].facts["last_visit"] == iso_utc(LAST_VISIT)


def test_a_visit_before_the_signup_does_not_count() -> None:
    business = create_business()
    create_customer(business, last_visit=LAST_VISIT - 10 * DAY, created_at=LAST_VISIT)
    assert days_with_lost_customers(business, 30) == [15]


def test_a_customer_who_was_lost_before_the_business_switched_on_is_not_recorded() -> None:
    business = create_business(since=midnight(15) + DAY)
    create_customer(business)
    with nothing_written():
        assert days_with_lost_customers(business, 60) == []


def test_a_customer_who_is_lost_on_the_day_of_switching_on_is_recorded() -> None:
    business = create_business(since=midnight(15) + DAY - timedelta(microseconds=1))
    create_customer(business)
    assert [days for days in range(16, 60) if lost.sweep(midnight(days))] == [16]


def test_a_lapse_while_the_business_was_switched_off_is_not_recorded() -> None:
    business = create_business()
    create_customer(business)
    config = Integration.objects.get(business=business)
    lost.sweep(midnight(10))
    Integration.objects.update(enabled=False, enabled_at=None)
    with nothing_written():
        assert lost.sweep(midnight(15)) == 0
    config.refresh_from_db()
    Integration.objects.update(enabled=True, enabled_at=midnight(20))
    with nothing_written():
        assert [days for days in range(20, 40) if lost.sweep(midnight(days))] == []


def test_a_lapse_while_muted_is_not_recorded_later() -> None:
    business = create_business(muted=["Customer Lost"])
    create_customer(business)
    create_customer(business, LAST_VISIT + 10 * DAY)
    with nothing_written():
        assert days_with_lost_customers(business, 20) == []
    Integration.objects.update(muted=[])
    assert [days for days in range(20, 40) if lost.sweep(midnight(days))] == [25]


def test_a_business_without_an_integration_or_switched_off_records_nothing() -> None:
    create_customer(BusinessFactory.create())
    create_customer(create_business(enabled=False))
    with nothing_written():
        assert lost.sweep(midnight(100)) == 0
    assert not SweepDone.objects.exists()
    assert not Lapse.objects.exists()


def test_days_without_a_sweep_are_caught_up() -> None:
    business = create_business()
    create_customer(business)
    lost.sweep(midnight(3))
    now = midnight(40) + DAY / 3
    assert lost.sweep(now) == 1
    assert [(row.occurred_at, row.facts["days_since_visit"]) for row in waiting()] == [(now, 40)]


def test_a_lowered_limit_records_the_customers_who_are_over_it_now() -> None:
    business = create_business(weekly_limit=90)
    create_customer(business)
    assert days_with_lost_customers(business, 30) == []
    Integration.objects.update(weekly_limit=14)
    assert [days for days in range(30, 40) if lost.sweep(midnight(days))] == [30]


def test_a_limit_that_is_raised_and_lowered_again_records_once() -> None:
    business = create_business()
    create_customer(business)
    assert days_with_lost_customers(business, 20) == [15]
    Integration.objects.update(weekly_limit=90)
    lost.sweep(midnight(21))
    Integration.objects.update(weekly_limit=14)
    assert [days for days in range(22, 40) if lost.sweep(midnight(days))] == []


def test_many_businesses_are_all_swept_in_one_run() -> None:
    businesses = [create_business() for _ in range(lost.BUSINESSES_PER_CHUNK + 1)]
    for business in businesses:
        create_customer(business)
    assert lost.sweep(midnight(15)) == lost.BUSINESSES_PER_CHUNK + 1
    assert {row.business_id for row in waiting()} == {business.pk for business in businesses}
    assert (
        SweepDone.objects.filter(sweep="lost", day=midnight(15).date()).count()
        == lost.BUSINESSES_PER_CHUNK + 1
    )


def test_the_task_returns_the_number_of_events() -> None:
    business = create_business()
    create_customer(business, datetime.now(UTC) - 30 * DAY)
    assert sweep_lost() == "1 recorded"
    assert sweep_lost() == "0 recorded"
    assert names() == ["Customer Lost"]


@pytest.mark.django_db(transaction=True)
def test_concurrent_sweeps_record_each_customer_once() -> None:
    businesses = [create_business() for _ in range(4)]
    lost_customers = [create_customer(business) for business in businesses for _ in range(10)]
    counts = at_once(*[lambda: lost.sweep(midnight(15))] * 4)
    assert sum(counts) == 40
    assert sorted(row.customer_id for row in waiting()) == sorted(
        customer.pk for customer in lost_customers
    )
