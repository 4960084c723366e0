"""Drivers' stops at customers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine

from customers.models import Agent, Customer, Employee, NewLineItem, Order, Stop
from tests.customers.recorder import Saved, summaries
from tests.customers.refused import IN_THE_FUTURE, refused
from tests.factories import (
    AgentFactory,
    CustomerFactory,
    EmployeeFactory,
    LineItemFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 20, tzinfo=UTC)
COAT = NewLineItem("Coat", Decimal("20.00"))


@pytest.fixture
def stop(customer: Customer, driver: Employee) -> Stop:
    return StopFactory.create(customer=customer, driver=None)


def outcome(stop: Stop) -> tuple[object, ...]:
    stop = Stop.objects.get(pk=stop.pk)
    return (
        stop.status,
        stop.had_pickup,
        stop.had_delivery,
        stop.total_pickups,
        stop.total_deliveries,
    )


def test_a_stop_is_at_the_customer_s_address_unless_it_has_its_own(customer: Customer) -> None:
    route = AgentFactory.create(business=customer.business, kind=Agent.Kind.ROUTE)
    stop = Stop.schedule(customer, customer.business.today(), route=route)
    assert stop.address == customer.address
    assert StopFactory.create(customer=customer, street="Elsewhere").address == {
        "street": "Elsewhere",
        "city": None,
        "state": None,
        "postalCode": None,
        "country": None,
    }


def test_a_new_address_of_the_customer_does_not_change_existing_stops(
    stop: Stop, customer: Customer
) -> None:
    address = stop.address
    customer.street = "2 New Street"
    customer.save()
    stop.refresh_from_db()
    stop.save()
    assert Stop.objects.get(pk=stop.pk).address == address


def test_a_stop_of_a_customer_without_an_address_has_none() -> None:
    assert StopFactory.create(customer=CustomerFactory.create(bare=True)).address is None


@time_machine.travel(datetime(2026, 3, 3, 7, 59, tzinfo=UTC), tick=False)
def test_a_stop_is_not_scheduled_before_the_local_day(customer: Customer) -> None:
    today = datetime(2026, 3, 2, tzinfo=UTC).date()
    assert Stop.schedule(customer, today).scheduled_for == today
    with refused(
        "2026-03-01 has passed. Choose today or a later day.", "past_date", "scheduled_for"
    ):
        Stop.schedule(customer, today - timedelta(days=1))


def test_another_business_s_driver_or_route_is_refused(customer: Customer) -> None:
    driver, route = EmployeeFactory.create(), AgentFactory.create()
    with refused("This driver belongs to another business.", "other_business", "driver"):
        Stop.schedule(customer, customer.business.today(), driver=driver)
    with refused("This route belongs to another business.", "other_business", "route"):
        Stop.schedule(customer, customer.business.today(), route=route)


def test_an_unplanned_stop_counts_for_the_local_day_of_its_time(
    customer: Customer, driver: Employee
) -> None:
    """In San Francisco, 07:59 UTC is still the day before."""
    uuid = uuid4()
    stop = Stop.create_unplanned(
        customer, uuid, driver=driver, at=datetime(2026, 3, 2, 7, 59, tzinfo=UTC)
    )
    assert (stop.uuid, str(stop.scheduled_for), stop.status) == (uuid, "2026-03-01", "pending")
    assert stop.address == customer.address


def test_an_unplanned_stop_in_the_future_is_refused(customer: Customer) -> None:
    with refused(IN_THE_FUTURE, "future_time", "at"):
        Stop.create_unplanned(customer, uuid4(), at=datetime.now(UTC) + timedelta(minutes=6))


def test_an_unplanned_stop_by_another_business_s_driver_is_refused(customer: Customer) -> None:
    foreign = EmployeeFactory.create()
    with refused("This driver belongs to another business.", "other_business", "driver"):
        Stop.create_unplanned(customer, uuid4(), driver=foreign)


class TestCompleting:
    def test_orders_created_at_the_stop_are_a_pickup(
        self, stop: Stop, customer: Customer, driver: Employee, saves: list[Saved]
    ) -> None:
        orders = [Order.create(customer, items=[COAT], stop=stop) for _ in range(2)]
        saves.clear()
        stop.complete(driver, new_orders=orders)
        assert summaries(saves) == [
            "Stop completed_at driver_id had_pickup status total_pickups",
            "Visit +",
            "Customer last_visit",
        ]
        assert outcome(stop) == ("completed", True, False, 2, 0)
        assert Stop.objects.get(pk=stop.pk).driver == driver

    def test_orders_created_at_the_stop_count_even_if_the_phone_does_not_list_them(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        Order.create(customer, stop=stop)
        stop.complete(driver)
        assert outcome(stop) == ("completed", True, False, 1, 0)

    def test_delivered_orders_are_returned(
        self, stop: Stop, customer: Customer, driver: Employee, saves: list[Saved]
    ) -> None:
        first, second = (
            LineItemFactory.create(
                order__customer=customer, order__ready=True, order__bags=bags
            ).order
            for bags in (1, 2)
        )
        saves.clear()
        stop.complete(driver, delivered_orders=[second, first])
        returned = ["Order returned_at returned_by_id status", "LineItem returned_at"]
        assert summaries(saves) == [
            *returned,
            *returned,
            "Stop completed_at driver_id had_delivery status total_deliveries",
            "Visit +",
            "Customer last_visit",
        ]
        assert outcome(stop) == ("completed", False, True, 0, 3)
        assert [(order.status, order.returned_by) for order in Order.objects.all()] == [
            ("returned", driver)
        ] * 2

    def test_the_driver_s_count_of_bags_takes_precedence(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        stop.complete(
            driver,
            delivered_orders=[OrderFactory.create(customer=customer, ready=True, bags=2)],
            bags_delivered=5,
        )
        assert outcome(stop) == ("completed", False, True, 0, 5)

    def test_bags_without_an_order_are_a_delivery(self, stop: Stop, driver: Employee) -> None:
        stop.complete(driver, bags_delivered=1)
        assert outcome(stop) == ("completed", False, True, 0, 1)

    def test_a_pickup_and_a_delivery_are_one_visit_by_the_driver(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        delivered = OrderFactory.create(customer=customer, ready=True, created_at=NOON)
        stop.complete(
            driver,
            new_orders=[Order.create(customer, stop=stop, at=NOON)],
            delivered_orders=[delivered],
            at=NOON,
        )
        assert outcome(stop) == ("completed", True, True, 1, 1)
        assert [(visit.visit_type, visit.at) for visit in customer.visits.all()] == [
            ("Driver", NOON)
        ]
        customer.refresh_from_db()
        assert customer.last_visit == NOON
        assert Stop.objects.get(pk=stop.pk).completed_at == NOON

    def test_a_stop_without_pickup_or_delivery_is_missed(
        self, stop: Stop, customer: Customer, driver: Employee, saves: list[Saved]
    ) -> None:
        saves.clear()
        stop.complete(driver, bags_delivered=0)
        assert summaries(saves) == ["Stop completed_at driver_id status"]
        assert outcome(stop) == ("missed", False, False, 0, 0)
        customer.refresh_from_db()
        assert (customer.visits.count(), customer.last_visit) == (0, None)

    def test_a_driver_may_report_a_missed_stop(self, stop: Stop, driver: Employee) -> None:
        stop.miss(driver, at=NOON)
        stop.refresh_from_db()
        assert (stop.status, stop.driver, stop.completed_at) == ("missed", driver, NOON)

    def test_the_planned_driver_stays_unless_another_is_given(
        self, customer: Customer, driver: Employee
    ) -> None:
        stop = StopFactory.create(customer=customer)
        planned = stop.driver
        stop.complete(bags_delivered=1)
        assert Stop.objects.get(pk=stop.pk).driver == planned

    def test_the_pickup_scheduled_for_the_day_is_completed(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        same_day = PickupRequestFactory.create(customer=customer, pickup_date=stop.scheduled_for)
        later = PickupRequestFactory.create(customer=customer)
        canceled = PickupRequestFactory.create(
            customer=customer, pickup_date=stop.scheduled_for, status="canceled"
        )
        stop.complete(driver, bags_delivered=1)
        statuses = []
        for pickup in (same_day, later, canceled):
            pickup.refresh_from_db()
            statuses.append(pickup.status)
        assert statuses == ["completed", "scheduled", "canceled"]

    @pytest.mark.parametrize(("bags", "status"), [(1, "completed"), (0, "missed")])
    def test_a_stop_is_finished_only_once(
        self, stop: Stop, driver: Employee, bags: int, status: str
    ) -> None:
        stop.complete(driver, bags_delivered=bags)
        for again in (stop.complete, stop.miss):
            with refused(f"This stop was already {status}.", f"{status}_already"):
                again(driver)

    def test_a_stop_with_orders_cannot_be_missed(self, stop: Stop, customer: Customer) -> None:
        Order.create(customer, stop=stop)
        with refused("Orders were created at this stop, so it was not missed.", "has_orders"):
            stop.miss()

    def test_the_hash_of_a_report_is_stored(self, customer: Customer, driver: Employee) -> None:
        completed, missed, empty = StopFactory.create_batch(3, customer=customer)
        completed.complete(driver, bags_delivered=1, reported="a")
        empty.complete(driver, reported="b")
        missed.miss(driver, reported="c")
        assert [Stop.objects.get(pk=stop.pk).reported for stop in (completed, empty, missed)] == [
            "a",
            "b",
            "c",
        ]

    def test_too_many_bags_are_refused(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        orders = OrderFactory.create_batch(2, customer=customer, bags=2**31 - 1)
        with refused(
            "The number of bags must be at most 2,147,483,647.", "invalid", "bags_delivered"
        ):
            stop.complete(driver, delivered_orders=orders)

    def test_an_order_that_was_not_created_at_the_stop_is_refused(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        elsewhere = Order.create(customer, number="4711")
        with refused("Order 4711 was not created at this stop.", "not_of_stop", "new_orders"):
            stop.complete(driver, new_orders=[elsewhere])

    def test_one_returned_order_makes_the_whole_report_fail(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        first, second = (
            OrderFactory.create(customer=customer, ready=True, number=number)
            for number in ("1", "2")
        )
        second.return_to_customer(by=driver)
        with refused("Order 2 was already returned.", "returned_already"):
            stop.complete(driver, delivered_orders=[first, second])

    def test_another_customer_s_order_is_refused(self, stop: Stop, driver: Employee) -> None:
        neighbour = CustomerFactory.create(business=stop.business)
        for order in (
            OrderFactory.create(customer=neighbour, number="4711"),
            OrderFactory.create(number="4711"),
        ):
            with refused(
                "Order 4711 belongs to another customer.", "other_customer", "delivered_orders"
            ):
                stop.complete(driver, delivered_orders=[order])

    def test_an_order_listed_twice_is_refused(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        order = OrderFactory.create(customer=customer)
        with refused(
            "An order is listed twice. List each order once.", "listed_twice", "delivered_orders"
        ):
            stop.complete(driver, delivered_orders=[order, Order.objects.get(pk=order.pk)])

    def test_another_business_s_driver_is_refused(self, stop: Stop) -> None:
        foreign = EmployeeFactory.create()
        with refused("This driver belongs to another business.", "other_business", "driver"):
            stop.complete(foreign, bags_delivered=1)

    def test_a_negative_number_of_bags_is_refused(self, stop: Stop, driver: Employee) -> None:
        with refused("The number of bags cannot be negative.", "invalid", "bags_delivered"):
            stop.complete(driver, bags_delivered=-1)

    def test_a_time_in_the_future_is_refused(self, stop: Stop, driver: Employee) -> None:
        with refused(IN_THE_FUTURE, "future_time", "at"):
            stop.complete(driver, bags_delivered=1, at=datetime.now(UTC) + timedelta(minutes=6))


class TestReturnsBeforeCompletion:
    """Orders or items that were returned at the stop before the driver completed it."""

    def test_a_returned_order_makes_the_stop_a_delivery(
        self, stop: Stop, customer: Customer, driver: Employee, saves: list[Saved]
    ) -> None:
        order = LineItemFactory.create(order__customer=customer, order__bags=3).order
        saves.clear()
        order.return_to_customer(by=driver, stop=stop)
        assert summaries(saves) == [
            "Order returned_at returned_by_id status",
            "LineItem returned_at",
            "Stop had_delivery total_deliveries",
        ]
        assert outcome(stop) == ("pending", False, True, 0, 3)
        stop.complete(driver, at=NOON)
        assert outcome(stop) == ("completed", False, True, 0, 3)
        assert [(visit.visit_type, visit.at) for visit in customer.visits.all()] == [
            ("Driver", NOON)
        ]

    def test_an_order_returned_in_parts_counts_its_bags_with_the_last(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        order = OrderFactory.create(customer=customer, bags=2)
        shirt, coat = LineItemFactory.create_batch(2, order=order)
        order.return_to_customer(by=driver, items=[shirt], stop=stop)
        assert outcome(stop) == ("pending", False, True, 0, 0)
        order.return_to_customer(by=driver, items=[coat], stop=stop)
        assert outcome(stop) == ("pending", False, True, 0, 2)

    def test_some_items_are_a_delivery_without_bags(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        shirt, _ = LineItemFactory.create_batch(
            2, order=OrderFactory.create(customer=customer, bags=2)
        )
        shirt.order.return_to_customer(by=driver, items=[shirt], stop=stop)
        stop.complete(driver)
        assert outcome(stop) == ("completed", False, True, 0, 0)

    def test_the_bags_of_other_delivered_orders_are_added(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        first, second = (OrderFactory.create(customer=customer, bags=bags) for bags in (1, 2))
        first.return_to_customer(by=driver, stop=stop)
        stop.complete(driver, delivered_orders=[second])
        assert outcome(stop) == ("completed", False, True, 0, 3)

    @pytest.mark.parametrize("bags", [0, 5])
    def test_the_driver_s_count_of_bags_takes_precedence(
        self, stop: Stop, customer: Customer, driver: Employee, bags: int
    ) -> None:
        OrderFactory.create(customer=customer, bags=2).return_to_customer(by=driver, stop=stop)
        stop.complete(driver, bags_delivered=bags)
        assert outcome(stop) == ("completed", False, True, 0, bags)

    def test_the_stop_cannot_be_missed(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        OrderFactory.create(customer=customer).return_to_customer(by=driver, stop=stop)
        with refused(
            "Something was delivered at this stop, so it was not missed.", "has_deliveries"
        ):
            stop.miss(driver)
        assert outcome(stop) == ("pending", False, True, 0, 1)

    def test_too_many_bags_are_refused(
        self, stop: Stop, customer: Customer, driver: Employee
    ) -> None:
        first, second = OrderFactory.create_batch(2, customer=customer, bags=2**31 - 1)
        first.return_to_customer(by=driver, stop=stop)
        with refused("The number of bags must be at most 2,147,483,647.", "invalid", "stop"):
            second.return_to_customer(by=driver, stop=stop)
        assert Order.objects.get(pk=second.pk).status == "open"
