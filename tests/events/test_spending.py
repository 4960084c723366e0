"""Fifths by spending are recomputed once a night, and sent for customers that Segment knows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from customers.models import Business, Customer, Order
from events.models import Integration, SweepDone
from events.sweeps import spending
from tests.conftest import WRITE_KEY
from tests.events.known_customers import create_known_customers, customers_with_identify
from tests.events.other_connections import at_once, uncommitted
from tests.events.outbox_rows import nothing_written, waiting
from tests.factories import BusinessFactory, CustomerFactory

pytestmark = pytest.mark.django_db
ANGELES = ZoneInfo("America/Los_Angeles")
TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY_NIGHT = datetime(2025, 6, 2, 23, 30, tzinfo=ANGELES)


def create_business(time_zone: str = "America/Los_Angeles", **config: object) -> Business:
    business: Business = BusinessFactory.create(time_zone=time_zone)
    Integration.objects.create(
        business=business, write_key=WRITE_KEY, **{"enabled": True, **config}
    )
    return business


def create_order(customer_id: int, total: int, at: datetime) -> None:
    """Create an order without signals, so that it records no event."""
    business_id = Customer.objects.values_list("business_id", flat=True).get(pk=customer_id)
    Order.objects.bulk_create(
        [Order(business_id=business_id, customer_id=customer_id, total=total, created_at=at)]
    )


def fifths(*customer_ids: int) -> list[int]:
    fifth_of = dict(Customer.objects.values_list("pk", "demographic"))
    return [fifth_of[customer_id] for customer_id in customer_ids]


def swept_days() -> dict[int, str]:
    return {
        business_id: day.isoformat()
        for business_id, day in SweepDone.objects.filter(sweep="spending").values_list(
            "business_id", "day"
        )
    }


def test_customers_whose_fifth_changed_are_identified_if_segment_knows_them() -> None:
    business = create_business()
    first, second, unchanged = create_known_customers(business, 3)
    (stranger,) = Customer.objects.bulk_create([Customer(business=business)])
    for customer_id, total in ((first, 400), (second, 300), (stranger.pk, 350)):
        create_order(customer_id, total, MONDAY_NIGHT - timedelta(days=3))
    assert spending.sweep(MONDAY_NIGHT) == 3
    assert fifths(first, stranger.pk, second, unchanged) == [1, 2, 3, 5]
    assert customers_with_identify() == {first, second}
    assert {(row.occurred_at, row.business_id) for row in waiting()} == {
        (MONDAY_NIGHT, business.pk)
    }


def test_a_night_without_new_spending_identifies_nobody() -> None:
    business = create_business()
    create_known_customers(business, 3)
    with nothing_written():
        assert spending.sweep(MONDAY_NIGHT) == 0
    assert swept_days() == {business.pk: "2025-06-02"}


def test_the_sweep_runs_once_a_night_from_two_o_clock() -> None:
    business = create_business()
    (customer,) = create_known_customers(business, 1)
    spending.sweep(MONDAY_NIGHT)
    create_order(customer, 10, MONDAY_NIGHT)
    for hour, minute, changed, day in (
        (0, 0, 0, "2025-06-02"),
        (1, 59, 0, "2025-06-02"),
        (2, 0, 1, "2025-06-03"),
        (2, 10, 0, "2025-06-03"),
    ):
        assert spending.sweep(datetime(2025, 6, 3, hour, minute, tzinfo=ANGELES)) == changed
        assert swept_days() == {business.pk: day}
    assert fifths(customer) == [1]


def test_a_night_without_a_sweep_is_caught_up_by_the_next_one() -> None:
    business = create_business()
    (customer,) = create_known_customers(business, 1)
    spending.sweep(MONDAY_NIGHT)
    create_order(customer, 10, MONDAY_NIGHT)
    assert spending.sweep(datetime(2025, 6, 9, 17, 0, tzinfo=ANGELES)) == 1
    assert swept_days() == {business.pk: "2025-06-09"}


def test_each_business_has_its_own_night() -> None:
    los_angeles, tokyo = create_business(), create_business("Asia/Tokyo")
    spending.sweep(MONDAY_NIGHT)
    assert swept_days() == {los_angeles.pk: "2025-06-02", tokyo.pk: "2025-06-03"}
    spending.sweep(datetime(2025, 6, 3, 2, 0, tzinfo=ANGELES))
    assert swept_days() == {los_angeles.pk: "2025-06-03", tokyo.pk: "2025-06-03"}
    spending.sweep(datetime(2025, 6, 4, 2, 0, tzinfo=TOKYO))
    assert swept_days() == {los_angeles.pk: "2025-06-03", tokyo.pk: "2025-06-04"}


@pytest.mark.parametrize(
    ("before", "at"),
    [
        # the hour from two to three does not exist
        (datetime(2025, 3, 9, 9, 59, tzinfo=UTC), datetime(2025, 3, 9, 10, 0, tzinfo=UTC)),
        # the hour from one to two comes twice
        (datetime(2025, 11, 2, 9, 59, tzinfo=UTC), datetime(2025, 11, 2, 10, 0, tzinfo=UTC)),
    ],
)
def test_the_sweep_runs_once_on_days_when_the_clocks_change(before: datetime, at: datetime) -> None:
    business = create_business()
    spending.sweep(at - timedelta(days=1))
    before_the_sweep = swept_days()
    spending.sweep(before)
    assert swept_days() == before_the_sweep
    spending.sweep(at)
    assert swept_days() == {business.pk: at.date().isoformat()}


def test_a_business_that_is_switched_off_is_not_swept() -> None:
    business = create_business(enabled=False)
    (customer,) = create_known_customers(business, 1)
    create_order(customer, 10, MONDAY_NIGHT)
    with nothing_written():
        assert spending.sweep(MONDAY_NIGHT) == 0
    assert swept_days() == {}
    assert fifths(customer) == [5]


def test_muted_events_do_not_matter() -> None:
    business = create_business(muted=["Customer Lost", "Customer Birthday"])
    (customer,) = create_known_customers(business, 1)
    create_order(customer, 10, MONDAY_NIGHT)
    assert spending.sweep(MONDAY_NIGHT) == 1
    assert customers_with_identify() == {customer}


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_two_workers_sweep_each_business_once(self) -> None:
        businesses = [create_business() for _ in range(5)]
        customers = [
            customer for business in businesses for customer in create_known_customers(business, 1)
        ]
        for customer in customers:
            create_order(customer, 10, MONDAY_NIGHT)
        changed = at_once(*[lambda: spending.sweep(MONDAY_NIGHT)] * 3)
        assert sum(changed) == 5
        assert customers_with_identify() == set(customers)
        assert fifths(*customers) == [1] * 5

    def test_a_save_that_locks_a_customer_delays_no_other_business(self) -> None:
        locked, free = create_business(), create_business()
        customer = CustomerFactory.create(business=locked)
        (other,) = create_known_customers(free, 1)
        for customer_id in (customer.pk, other):
            create_order(customer_id, 10, MONDAY_NIGHT)

        def save() -> None:
            copy = Customer.objects.get(pk=customer.pk)
            copy.email = "changed@example.com"
            copy.save()

        with uncommitted(save):
            assert spending.sweep(MONDAY_NIGHT) == 1
            assert fifths(customer.pk, other) == [5, 1]
            assert swept_days() == {free.pk: "2025-06-02"}
        assert spending.sweep(MONDAY_NIGHT) == 1
        assert fifths(customer.pk) == [1]
        assert Customer.objects.get(pk=customer.pk).email == "changed@example.com"
