"""The clock of a till or a phone that differs from the server's by up to 5 minutes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine

from customers.models import Customer, Employee, NewLineItem, Order, PickupRequest, Stop
from tests.customers.refused import refused
from tests.factories import OrderFactory, PickupRequestFactory, StopFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CHECK_THE_CLOCK = "The server's time is 2026-03-02T20:00:00Z: check the device's clock."


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize("ahead", [10 * SECOND, MINUTE, 5 * MINUTE])
class TestAheadOfTheServer:
    """The time becomes the server's."""

    def test_a_signup(self, customer: Customer, ahead: timedelta) -> None:
        ann = Customer.sign_up(customer.business, first_name="Ann", at=NOON + ahead)
        assert ann.created_at == NOON

    def test_an_order_from_creation_to_return(self, customer: Customer, ahead: timedelta) -> None:
        order = Order.create(customer, at=NOON + ahead)
        order.mark_ready(at=NOON + ahead)
        order.return_to_customer(by=None, at=NOON + ahead)
        assert (order.created_at, order.ready_at, order.returned_at) == (NOON, NOON, NOON)
        customer.refresh_from_db()
        assert customer.last_visit == NOON

    def test_a_stop(self, customer: Customer, driver: Employee, ahead: timedelta) -> None:
        stop = Stop.create_unplanned(customer, uuid4(), driver=driver, at=NOON + ahead)
        stop.complete(driver, bags_delivered=1, at=NOON + ahead)
        assert (stop.completed_at, stop.status) == (NOON, "completed")

    def test_a_missed_stop(self, customer: Customer, ahead: timedelta) -> None:
        stop = StopFactory.create(customer=customer)
        stop.miss(at=NOON + ahead)
        assert stop.completed_at == NOON

    def test_a_canceled_pickup(self, customer: Customer, ahead: timedelta) -> None:
        pickup = PickupRequestFactory.create(customer=customer)
        pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE, at=NOON + ahead)
        assert pickup.canceled_at == NOON


def test_more_is_refused_with_the_server_s_time(customer: Customer) -> None:
    message = f"This time is in the future. {CHECK_THE_CLOCK}"
    with refused(message, "future_time", "at"):
        Order.create(customer, at=NOON + 5 * MINUTE + SECOND)


class TestBeforeAnEarlierStep:
    @pytest.fixture
    def order(self, customer: Customer) -> Order:
        return Order.create(
            customer,
            items=[NewLineItem("Shirt", Decimal(5)), NewLineItem("Coat", Decimal(20))],
            at=NOON - timedelta(hours=1),
        )

    @pytest.mark.parametrize("behind", [SECOND, 5 * MINUTE])
    def test_ready_or_returned_before_created_counts_as_created(
        self, order: Order, behind: timedelta
    ) -> None:
        order.mark_ready(at=order.created_at - behind)
        order.return_to_customer(by=None, at=order.created_at - behind)
        assert order.ready_at == order.returned_at == order.created_at
        returned = order.items.values_list("returned_at", flat=True)
        assert {*returned} == {order.created_at}
        order.customer.refresh_from_db()
        assert order.customer.last_visit == order.created_at

    def test_returned_before_ready_counts_as_ready(self, order: Order) -> None:
        order.mark_ready(at=NOON - 10 * MINUTE)
        order.return_to_customer(by=None, at=NOON - 12 * MINUTE)
        assert order.returned_at == NOON - 10 * MINUTE

    def test_an_order_that_was_marked_ready_late_keeps_the_time_of_its_return(
        self, order: Order
    ) -> None:
        order.mark_ready(at=NOON - 10 * MINUTE)
        order.return_to_customer(by=None, at=NOON - 20 * MINUTE)
        assert order.returned_at == NOON - 20 * MINUTE

    def test_more_is_refused_with_both_times(self, order: Order) -> None:
        message = (
            "This time is before the order was created (2026-03-02T19:00:00Z). "
            f"Give a later time. {CHECK_THE_CLOCK}"
        )
        too_early = order.created_at - 5 * MINUTE - SECOND
        with refused(message, "time_out_of_order", "at"):
            order.mark_ready(at=too_early)
        with refused(message, "time_out_of_order", "at"):
            order.return_to_customer(by=None, at=too_early)

    def test_an_order_delivered_at_a_stop(
        self, order: Order, customer: Customer, driver: Employee
    ) -> None:
        stop = StopFactory.create(customer=customer, driver=driver)
        stop.complete(driver, delivered_orders=[order], at=order.created_at - SECOND)
        order.refresh_from_db()
        assert order.returned_at == order.created_at

    def test_a_step_without_a_time_is_taken_though_our_clock_was_set_back(
        self, customer: Customer
    ) -> None:
        order = OrderFactory.create(customer=customer, created_at=NOON + 20 * MINUTE)
        order.mark_ready()
        order.return_to_customer(by=None)
        assert order.ready_at == order.returned_at == order.created_at
