"""What the saves of one action mean is recorded once, at the action's end."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer, NewLineItem, Order, Stop
from customers.models.action import current_action, one_action
from events.definitions.orders import OrderReady, OrderReturned
from events.models import Integration, Outgoing
from events.outbox import of_action
from tests.events.outbox_rows import facts, names, nothing_written
from tests.factories import CustomerFactory, LineItemFactory, OrderFactory, StopFactory

pytestmark = pytest.mark.usefixtures("integration")


@contextmanager
def recording_statements(expected: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as captured:
        yield
    statements = [query["sql"] for query in captured if "INTO events_outgoing" in query["sql"]]
    assert len(statements) == expected


@pytest.fixture
def order(customer: Customer) -> Order:
    order: Order = OrderFactory.create(business=customer.business, customer=customer)
    Outgoing.objects.all().delete()
    return order


def test_a_new_order_with_its_visit_and_identify_takes_one_statement(customer: Customer) -> None:
    with recording_statements(1):
        Order.create(customer, items=[NewLineItem("Shirt", Decimal(4)) for _ in range(5)])
    assert names() == ["Order Created", "Customer Visit", "identify"]


@pytest.mark.parametrize(("items", "statements"), [(1, 1), (2, 1), (5, 2), (20, 6)])
def test_a_return_takes_one_statement_for_four_events(
    order: Order, items: int, statements: int
) -> None:
    returned = LineItemFactory.create_batch(items, order=order)
    with recording_statements(statements):
        order.return_to_customer(by=None)
    assert names() == [
        "Order Returned",
        *["Order Line Item Returned"] * items,
        "Customer Visit",
        "identify",
    ]
    recorded = Outgoing.objects.filter(event="Order Line Item Returned").order_by("id")
    assert [row.subject_id for row in recorded] == [item.pk for item in returned]


def test_a_completed_stop_with_a_delivery_takes_one_statement(customer: Customer) -> None:
    stop: Stop = StopFactory.create(business=customer.business, customer=customer)
    order = OrderFactory.create(business=customer.business, customer=customer)
    Outgoing.objects.all().delete()
    with recording_statements(1):
        stop.complete(delivered_orders=[order])
    assert names()[0] == "Order Returned"
    assert names()[-1] == "identify"
    assert len(names()) > 2


def test_saves_of_several_customers_are_recorded_for_each(customer: Customer, order: Order) -> None:
    other = OrderFactory.create(
        business=customer.business, customer=CustomerFactory.create(business=customer.business)
    )
    Outgoing.objects.all().delete()
    with one_action():
        order.mark_ready()
        other.mark_ready()
        order.return_to_customer(by=None)
        assert names() == []
    of_customer = Outgoing.objects.filter(customer=customer).order_by("id")
    assert [row.event for row in of_customer] == [
        "Order Ready",
        "Order Returned",
        "Customer Visit",
        "identify",
    ]
    assert Outgoing.objects.filter(customer=other.customer).count() == 1


def test_an_action_has_one_identify_of_a_customer(customer: Customer) -> None:
    Outgoing.objects.all().delete()
    with one_action():
        for name in ("Ann", "Anna", "Annabel"):
            customer.first_name = name
            customer.save()
    assert names() == ["identify"]


class TestRollback:
    def test_what_a_savepoint_undid_is_not_recorded(self, order: Order) -> None:
        with one_action():
            order.mark_ready()
            with transaction.atomic():
                order.return_to_customer(by=None)
                transaction.set_rollback(True)
        assert names() == ["Order Ready"]

    def test_an_action_in_a_savepoint_that_is_undone_records_nothing(self, order: Order) -> None:
        with nothing_written():
            with transaction.atomic():
                order.return_to_customer(by=None)
                assert names() == ["Order Returned", "Customer Visit", "identify"]
                transaction.set_rollback(True)
            assert names() == []

    @pytest.mark.django_db(transaction=True)
    def test_after_an_error_in_an_action_its_transaction_cannot_be_committed(
        self, order: Order
    ) -> None:
        def fail() -> None:
            with one_action():
                order.mark_ready()
                raise ZeroDivisionError

        with nothing_written(), transaction.atomic():
            with pytest.raises(ZeroDivisionError):
                fail()
            assert current_action() is None
            with pytest.raises(TransactionManagementError):
                Order.objects.count()
        assert Order.objects.get().status == "open"

    @pytest.mark.django_db(transaction=True)
    def test_an_action_outside_a_transaction_is_one(self, order: Order) -> None:
        with one_action():
            order.mark_ready()
            assert names() == []
        assert not connection.in_atomic_block
        assert names() == ["Order Ready"]


class TestFacts:
    def test_each_event_has_the_facts_of_its_own_save(self, order: Order) -> None:
        order.total = Decimal(10)
        order.save()
        with one_action():
            order.mark_ready()
            order.total = Decimal(20)
            order.save()
            order.return_to_customer(by=None)
        assert facts("Order Ready")["value"] == "10.00"
        assert facts("Order Returned")["value"] == "20.00"

    def test_a_total_that_only_the_database_knows_is_read_at_once(self, order: Order) -> None:
        Order.objects.update(total=Decimal(10))
        with one_action():
            order.status, order.total = Order.Status.READY, F("total") + 1
            order.ready_at = timezone.now()
            order.save()
            order.refresh_from_db()
            order.return_to_customer(by=None)
            Order.objects.update(total=Decimal(99))
        assert names() == ["Order Ready", "Order Returned", "Customer Visit", "identify"]
        assert facts("Order Ready")["value"] == "11.00"


def test_a_bug_of_ours_fails_no_action(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(of_action, "record", fail)
    with nothing_written():
        order.return_to_customer(by=None)
    assert Order.objects.get().status == "returned"


def test_a_bug_in_one_definition_leaves_the_other_events(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(order: Order) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(OrderReady, "facts", staticmethod(fail))
    with one_action():
        order.mark_ready()
        order.return_to_customer(by=None)
    assert names() == ["Order Returned", "Customer Visit", "identify"]


def test_facts_that_are_no_json_leave_the_other_events(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OrderReturned, "facts", staticmethod(lambda order: {"order": order}))
    LineItemFactory.create_batch(2, order=order)
    order.return_to_customer(by=None)
    assert names() == [*["Order Line Item Returned"] * 2, "Customer Visit", "identify"]


def test_a_business_that_is_off_is_asked_for_once_an_action(
    order: Order, integration: Integration
) -> None:
    LineItemFactory.create_batch(9, order=order)
    integration.enabled = False
    integration.save()
    order.mark_ready()
    with nothing_written(), CaptureQueriesContext(connection) as captured:
        order.return_to_customer(by=None)
    assert len([query for query in captured if "events_" in query["sql"]]) == 1
