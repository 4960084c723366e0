"""Two programs do the same at the same moment: one succeeds, the other gets an error."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from customers.models import (
    Customer,
    Employee,
    LineItem,
    Order,
    PickupRequest,
    RegularPickupRequest,
    Stop,
    Visit,
)
from tests.customers.contention import outcome_of, run_at_once, wait_for_waiting
from tests.customers.recorder import Saved, summaries
from tests.factories import (
    CustomerFactory,
    EmployeeFactory,
    LineItemFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customer() -> Customer:
    return CustomerFactory.create()


@pytest.fixture
def clerk(customer: Customer) -> Employee:
    return EmployeeFactory.create(business=customer.business)


@pytest.fixture
def order(customer: Customer) -> Order:
    return LineItemFactory.create(order__customer=customer).order


REFUSALS = {
    "canceled_already",
    "completed_already",
    "item_returned_already",
    "missed_already",
    "not_in_order",
    "ready_already",
    "requested_already",
    "returned_already",
}
"""Error codes that the actions below may end with."""


def fresh(order: Order) -> Order:
    """Load the order again, as another program would."""
    return Order.objects.get(pk=order.pk)


def test_two_counters_return_an_order_once(
    order: Order, customer: Customer, clerk: Employee, saves: list[Saved]
) -> None:
    saves.clear()
    outcomes = run_at_once(customer, *[lambda: fresh(order).return_to_customer(by=clerk)] * 2)
    assert outcomes == ["done", "returned_already"]
    assert sorted(summaries(saves)) == [
        "Customer last_visit",
        "LineItem returned_at",
        "Order returned_at returned_by_id status",
        "Visit +",
    ]


def test_a_counter_and_a_driver_return_an_order_once(
    order: Order, customer: Customer, clerk: Employee, saves: list[Saved]
) -> None:
    stop = StopFactory.create(customer=customer)
    saves.clear()
    outcomes = run_at_once(
        customer,
        lambda: fresh(order).return_to_customer(by=clerk),
        lambda: Stop.objects.get(pk=stop.pk).complete(clerk, delivered_orders=[fresh(order)]),
    )
    assert outcomes == ["done", "returned_already"]
    assert summaries(saves).count("Order returned_at returned_by_id status") == 1
    assert summaries(saves).count("Visit +") == 1


def test_three_counters_mark_an_order_ready_once(order: Order, saves: list[Saved]) -> None:
    saves.clear()
    assert run_at_once(order, *[lambda: fresh(order).mark_ready()] * 3) == [
        "done",
        "ready_already",
        "ready_already",
    ]
    assert summaries(saves) == ["Order ready_at status"]


def test_two_counters_return_different_items_of_one_order(
    order: Order, customer: Customer, clerk: Employee, saves: list[Saved]
) -> None:
    shirt = order.items.get()
    coat = LineItemFactory.create(order=order, description="Coat")
    saves.clear()
    outcomes = run_at_once(
        customer,
        lambda: fresh(order).return_to_customer(by=clerk, items=[shirt]),
        lambda: fresh(order).return_to_customer(by=clerk, items=[coat]),
    )
    assert outcomes == ["done", "done"]
    assert summaries(saves).count("Order returned_at returned_by_id status") == 1
    assert summaries(saves).count("LineItem returned_at") == 2


def test_two_phones_complete_a_stop_once(
    customer: Customer, clerk: Employee, saves: list[Saved]
) -> None:
    stop = StopFactory.create(customer=customer)
    saves.clear()
    outcomes = run_at_once(
        customer, *[lambda: Stop.objects.get(pk=stop.pk).complete(clerk, bags_delivered=1)] * 2
    )
    assert outcomes == ["completed_already", "done"]
    assert [line for line in summaries(saves) if line.startswith("Stop")] == [
        "Stop completed_at driver_id had_delivery status total_deliveries"
    ]


def test_two_orders_on_one_day_are_one_visit(customer: Customer, saves: list[Saved]) -> None:
    saves.clear()
    outcomes = run_at_once(
        customer, *[lambda: Order.create(Customer.objects.get(pk=customer.pk))] * 2
    )
    assert outcomes == ["done", "done"]
    assert (summaries(saves).count("Order +"), summaries(saves).count("Visit +")) == (2, 1)


def test_a_visit_that_another_transaction_records_first_is_not_recorded_again(
    customer: Customer, saves: list[Saved]
) -> None:
    """A unique constraint prevents the second row if a caller did not lock the customer."""
    at = customer.created_at + timedelta(seconds=1)
    with ThreadPoolExecutor(1) as other_counter:
        with transaction.atomic():
            first = Visit.record(customer, Visit.Type.STORE, at)
            saves.clear()
            other = other_counter.submit(
                outcome_of,
                lambda: Visit.record(
                    Customer.objects.select_related("business").get(pk=customer.pk),
                    Visit.Type.STORE,
                    at,
                ),
            )
            wait_for_waiting(1)
        assert other.result() == "done"
    assert first is not None
    assert "Visit +" not in summaries(saves)
    assert customer.visits.count() == 1


@pytest.mark.parametrize(("commits", "outcome"), [(True, "scheduled_already"), (False, "done")])
def test_two_concurrent_calls_schedule_one_pickup_for_a_day(
    customer: Customer, commits: bool, outcome: str
) -> None:
    tomorrow = customer.business.today() + timedelta(days=1)
    with ThreadPoolExecutor(1) as other_phone:
        with transaction.atomic():
            customer.schedule_pickup(tomorrow)
            other = other_phone.submit(
                outcome_of,
                lambda: Customer.objects.get(pk=customer.pk).schedule_pickup(
                    tomorrow, by="Customer"
                ),
            )
            wait_for_waiting(1)
            transaction.set_rollback(not commits)
        assert other.result() == outcome
    assert PickupRequest.objects.filter(status="scheduled").count() == 1


def test_the_website_and_a_text_cancel_a_pickup_once(
    customer: Customer, saves: list[Saved]
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    saves.clear()
    outcomes = run_at_once(
        customer,
        lambda: PickupRequest.objects.get(pk=pickup.pk).cancel(via="Website"),
        lambda: PickupRequest.objects.get(pk=pickup.pk).cancel(via="Text"),
    )
    assert outcomes == ["canceled_already", "done"]
    assert summaries(saves).count("PickupRequest canceled_at canceled_via status") == 1


def test_two_concurrent_requests_for_regular_pickups_create_one(customer: Customer) -> None:
    outcomes = run_at_once(
        customer, *[lambda: Customer.objects.get(pk=customer.pk).request_regular_pickups()] * 2
    )
    assert outcomes == ["done", "requested_already"]
    assert RegularPickupRequest.objects.count() == 1


def test_two_concurrent_orders_with_one_number_create_one(customer: Customer) -> None:
    outcomes = run_at_once(
        customer, *[lambda: Order.create(Customer.objects.get(pk=customer.pk), number="4711")] * 2
    )
    assert outcomes == ["done", "number_taken"]


def test_a_row_that_refers_to_a_locked_customer_does_not_wait(customer: Customer) -> None:
    with ThreadPoolExecutor(1) as other_counter, transaction.atomic():
        customer.lock()
        assert (
            other_counter.submit(
                outcome_of, lambda: PickupRequestFactory.create(customer=customer)
            ).result(10)
            == "done"
        )


def test_many_different_actions_at_once_never_deadlock(customer: Customer, clerk: Employee) -> None:
    """A deadlock would be an OperationalError, which fails the test."""
    orders = OrderFactory.create_batch(4, customer=customer)
    for order in orders:
        LineItemFactory.create_batch(2, order=order)
    stops = StopFactory.create_batch(3, customer=customer)
    pickup = PickupRequestFactory.create(customer=customer, pickup_date=stops[0].scheduled_for)

    def some(rng: random.Random) -> list[Order]:
        return [fresh(order) for order in rng.sample(orders, 3)]

    def actions(rng: random.Random) -> list[Callable[[], object]]:
        return [
            some(rng)[0].mark_ready,
            lambda: some(rng)[0].return_to_customer(
                by=clerk, items=[rng.choice(list(LineItem.objects.filter(order=orders[0])))]
            ),
            lambda: some(rng)[0].return_to_customer(
                by=clerk, stop=Stop.objects.get(pk=rng.choice(stops).pk)
            ),
            lambda: Stop.objects.get(pk=rng.choice(stops).pk).complete(
                clerk, delivered_orders=some(rng)
            ),
            lambda: Order.create(
                Customer.objects.get(pk=customer.pk), stop=Stop.objects.get(pk=rng.choice(stops).pk)
            ),
            lambda: PickupRequest.objects.get(pk=pickup.pk).cancel(via="Text"),
            lambda: Customer.objects.get(pk=customer.pk).request_regular_pickups(),
            Customer.objects.get(pk=customer.pk).record_text_reply,
        ]

    def counter(seed: int) -> set[str]:
        rng = random.Random(seed)
        try:
            return {outcome_of(action) for _ in range(3) for action in rng.sample(actions(rng), 8)}
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as crowd:
        outcomes = set().union(*crowd.map(counter, range(6)))
    assert "done" in outcomes
    assert outcomes <= REFUSALS | {"done"}
