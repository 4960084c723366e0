"""Fifths by spending are recomputed once a night, and sent for customers that Segment knows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.budget import Budget
from customers.models import Business, Customer, Order
from events.models import Integration, PendingFifth, SweepDone
from events.outbox import fan_out
from events.sweeps import spending
from events.sweeps.spending import CUSTOMERS_PER_STEP
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


def many_spenders(business: Business, count: int) -> list[int]:
    """Create known customers of whom each spent more than the one before."""
    customers = create_known_customers(business, count)
    Order.objects.bulk_create(
        [
            Order(
                business=business,
                customer_id=customer_id,
                total=1 + number,
                created_at=MONDAY_NIGHT - timedelta(days=3),
            )
            for number, customer_id in enumerate(customers)
        ]
    )
    return customers


def test_a_step_sets_few_customers_and_the_next_run_goes_on() -> None:
    """So a save waits for few customers at most, and other work gets its turn."""
    business = create_business()
    customers = many_spenders(business, 2 * CUSTOMERS_PER_STEP)
    # A fifth is in the last fifth, where all were before.
    expected = len(customers) * 4 // 5

    assert spending.sweep(MONDAY_NIGHT, Budget(0.0)) == CUSTOMERS_PER_STEP
    assert swept_days() == {}
    assert len(customers_with_identify()) == CUSTOMERS_PER_STEP
    assert spending.sweep(MONDAY_NIGHT, Budget(0.0)) == expected - CUSTOMERS_PER_STEP
    assert spending.sweep(MONDAY_NIGHT) == 0

    assert swept_days() == {business.pk: "2025-06-02"}
    assert fifths(customers[0], customers[-1]) == [5, 1]
    assert len(waiting()) == expected


def test_what_a_night_left_is_forgotten_by_the_next() -> None:
    business = create_business()
    customers = many_spenders(business, 2 * CUSTOMERS_PER_STEP)
    spending.sweep(MONDAY_NIGHT, Budget(0.0))
    Order.objects.all().delete()

    spending.sweep(MONDAY_NIGHT + timedelta(days=1))

    assert set(fifths(*customers)) == {5}
    assert not PendingFifth.objects.exists()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 12), min_size=1, max_size=14))
def test_fifths_are_those_of_the_rule(amounts: list[int]) -> None:
    """As the contract says it: by how many customers spent more. 0 is no spending."""
    business = create_business()
    customers = create_known_customers(business, len(amounts))
    for customer_id, amount in zip(customers, amounts, strict=True):
        create_order(customer_id, amount, MONDAY_NIGHT - timedelta(days=3))

    spending.sweep(MONDAY_NIGHT)

    assert fifths(*customers) == [
        1 + sum(other > amount for other in amounts) * 5 // len(amounts) if amount > 0 else 5
        for amount in amounts
    ]


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_computing_locks_nobody(self) -> None:
        business = create_business()
        (first, *_) = many_spenders(business, 10)
        computed = uncommitted(lambda: spending._compute(business.pk, MONDAY_NIGHT))
        with computed, transaction.atomic():
            Customer.objects.select_for_update(nowait=True).get(pk=first)

    def test_a_locked_customer_delays_nobody_else(self) -> None:
        business = create_business()
        customers = many_spenders(business, 10)
        with uncommitted(lambda: Customer.objects.filter(pk=customers[5]).update(last_name="X")):
            assert spending.sweep(MONDAY_NIGHT) == 7
            assert swept_days() == {}
        assert spending.sweep(MONDAY_NIGHT) == 1
        assert swept_days() == {business.pk: "2025-06-02"}
        assert len(customers_with_identify()) == 8

    def test_a_worker_that_dies_leaves_the_rest_to_the_next(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        business = create_business()
        customers = many_spenders(business, 2 * CUSTOMERS_PER_STEP)
        identify = fan_out.identify_known_customers
        calls: list[int] = []

        def die_in_the_second_step(business_id: int, ids: list[int], now: datetime) -> int:
            calls.append(len(ids))
            recorded = identify(business_id, ids, now)
            if len(calls) == 2:
                raise OSError("killed")
            return recorded

        monkeypatch.setattr(fan_out, "identify_known_customers", die_in_the_second_step)
        with pytest.raises(OSError, match="killed"):
            spending.sweep(MONDAY_NIGHT)
        monkeypatch.undo()
        assert len(waiting()) == CUSTOMERS_PER_STEP

        spending.sweep(MONDAY_NIGHT)

        assert len(waiting()) == len(customers) * 4 // 5
        assert fifths(customers[-1]) == [1]

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
