"""What the state of the records forbids is a 409 with a code, and never a 500."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.signals import post_save

from customers.models import (
    Agent,
    Brand,
    Customer,
    Employee,
    Order,
    PickupRequest,
    RegularPickupRequest,
)
from smrt_integration.api.error_codes import CONFLICT_CODES
from tests.api.conftest import Caller, errors
from tests.customers.contention import wait_for_waiting
from tests.factories import (
    AgentFactory,
    BrandFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

SHIRT = {"description": "Shirt", "price": "4.50"}
NAMED = ("agents", "brands", "departments", "customer-groups", "discounts", "custom-fields")
EXTRA = {
    "agents": {"kind": "STORE"},
    "discounts": {"kind": "PERCENT", "value": "10"},
    "custom-fields": {"kind": "TEXT"},
}

HANDLED = {
    "agent_name_unique": "name_taken",
    "brand_name_unique": "name_taken",
    "customergroup_name_unique": "name_taken",
    "customfield_name_unique": "name_taken",
    "department_name_unique": "name_taken",
    "discount_name_unique": "name_taken",
    "order_number_unique": "number_taken",
    "customer_external_id_unique": "external_id_taken",
    "employee_external_id_unique": "external_id_taken",
    "order_external_id_unique": "external_id_taken",
    "pickup_scheduled_once_a_day": "scheduled_already",
    "regular_request_pending_once": "requested_already",
    "visit_once_a_day": "a second visit of a day is not recorded",
    "customfieldvalue_once_per_customer": "the customer is locked",
    "nightly_text_once_a_day": "no call of the API writes it",
    "text_number_of_one_business": "no call of the API writes it",
}
"""Each unique constraint of the business's records: the code of a call that violates it, or why
none does."""


def assert_conflict(response: Any, code: str, field: str | None = None) -> None:
    assert (response.status_code, "Retry-After" in response.headers) == (409, False)
    assert [(error.code, error.field) for error in errors(response)] == [(code, field)]


def test_every_unique_constraint_of_a_record_has_a_code() -> None:
    constraints = {
        constraint.name
        for model in apps.get_app_config("customers").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
    }

    assert constraints - {"membership_once"} == HANDLED.keys()
    assert {code for code in HANDLED.values() if " " not in code} <= CONFLICT_CODES


@pytest.mark.django_db
@pytest.mark.parametrize("path", NAMED)
def test_a_name_that_is_taken_is_a_conflict(pos: Caller, path: str) -> None:
    body = {"name": "Downtown"} | EXTRA.get(path, {})
    assert pos.post(path, body).status_code == 201
    other = pos.post(path, body | {"name": "Uptown"}).json()

    assert_conflict(pos.post(path, body), "name_taken", "name")
    assert_conflict(pos.patch(f"{path}/{other['id']}", {"name": "Downtown"}), "name_taken", "name")


@pytest.mark.django_db
def test_a_taken_name_beside_an_invalid_field_is_an_invalid_request(pos: Caller) -> None:
    pos.post("agents", {"name": "Downtown", "kind": "STORE"})

    response = pos.post("agents", {"name": "Downtown", "kind": "MOON"})

    assert response.status_code == 400
    assert {error.code for error in errors(response)} == {"name_taken", "invalid_choice"}


@pytest.mark.django_db
def test_what_happened_already_is_a_conflict(
    pos: Caller, app: Caller, website: Caller, customer: Customer
) -> None:
    tomorrow = str(customer.business.today() + timedelta(days=1))
    who = {"customer": str(customer.uuid)}

    def twice(caller: Caller, path: str, body: Any = None) -> Any:
        assert caller.post(path, body).status_code in {200, 201}
        return caller.post(path, body)

    order = pos.post("orders", who | {"items": [SHIRT, SHIRT]}).json()
    item = {"items": [order["items"][0]["id"]]}
    stop = StopFactory.create(customer=customer)
    pickup = PickupRequestFactory.create(
        customer=customer, pickup_date=customer.business.today() + timedelta(days=2)
    )
    second = StopFactory.create(customer=customer)

    assert_conflict(twice(pos, "orders", who | {"number": "A1"}), "number_taken", "number")
    assert_conflict(
        twice(pos, "pickup-requests", who | {"pickup_date": tomorrow}),
        "scheduled_already",
        "pickup_date",
    )
    assert_conflict(twice(pos, f"orders/{order['id']}/ready"), "ready_already")
    assert_conflict(
        twice(pos, f"orders/{order['id']}/return", item), "item_returned_already", "items"
    )
    assert_conflict(twice(pos, f"orders/{order['id']}/return"), "returned_already")
    assert_conflict(pos.patch(f"orders/{order['id']}", {"bags": 2}), "returned_already")
    assert_conflict(pos.post(f"orders/{order['id']}/items", {"items": [SHIRT]}), "returned_already")
    assert_conflict(
        twice(app, f"stops/{stop.uuid}/complete", {"bags_delivered": 1}), "completed_already"
    )
    assert_conflict(twice(app, f"stops/{second.uuid}/miss"), "missed_already")
    assert_conflict(app.post("orders", who | {"stop": str(stop.uuid)}), "completed_already", "stop")
    assert_conflict(twice(pos, f"pickup-requests/{pickup.uuid}/cancel"), "canceled_already")
    assert_conflict(twice(website, "regular-pickup-requests", who), "requested_already")
    request = RegularPickupRequest.objects.get()
    assert_conflict(
        twice(pos, f"regular-pickup-requests/{request.uuid}/approve"), "approved_already"
    )
    assert_conflict(website.post("regular-pickup-requests", who), "on_route_already")


@pytest.mark.django_db
def test_an_order_that_is_delivered_twice_is_a_conflict(app: Caller, customer: Customer) -> None:
    stop = StopFactory.create(customer=customer)
    order = OrderFactory.create(customer=customer, status=Order.Status.RETURNED)

    response = app.post(f"stops/{stop.uuid}/complete", {"delivered_orders": [str(order.uuid)]})

    assert_conflict(response, "returned_already")


@pytest.mark.django_db
def test_the_number_of_an_order_in_a_list_is_named_with_its_place(
    app: Caller, customer: Customer
) -> None:
    OrderFactory.create(customer=customer, number="A1")
    stop = StopFactory.create(customer=customer)

    response = app.post(f"stops/{stop.uuid}/complete", {"new_orders": [{}, {"number": "A1"}]})

    assert_conflict(response, "number_taken", "new_orders[1].number")


@contextmanager
def called_before_the_commit_of(row: models.Model, call: Callable[[], Any]) -> Iterator[list[Any]]:
    """Save the row, make the call, which waits for the row, and commit. Yields the response."""
    responses: list[Any] = []

    def in_thread() -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            row.save()
            response = thread.submit(in_thread)
            wait_for_waiting(1)
        responses.append(response.result(20))
    yield responses


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_the_second_of_two_equal_names(self, pos: Caller, customer: Customer) -> None:
        brand = BrandFactory.build(business=customer.business, name="Downtown")

        with called_before_the_commit_of(
            brand, lambda: pos.post("brands", {"name": "Downtown"})
        ) as (response,):
            assert_conflict(response, "name_taken", "name")
        assert Brand.objects.count() == 1

    def test_the_second_of_two_equal_order_numbers(self, pos: Caller, customer: Customer) -> None:
        order = Order(business=customer.business, customer=customer, number="A1")
        body = {"customer": str(customer.uuid), "number": "A1"}

        with called_before_the_commit_of(order, lambda: pos.post("orders", body)) as (response,):
            assert_conflict(response, "number_taken", "number")

    @pytest.mark.parametrize("path", ["customers", "employees", "orders"])
    def test_the_second_of_two_equal_external_ids(
        self, pos: Caller, customer: Customer, path: str
    ) -> None:
        same: Any = {"business": customer.business, "external_id": "4711"}
        rows: dict[str, Any] = {
            "customers": Customer(first_name="Ann", **same),
            "employees": Employee(name="Dan", **same),
            "orders": Order(customer=customer, **same),
        }
        body = {
            "customers": {"first_name": "Bob"},
            "employees": {"name": "Eve", "role": "DRIVER"},
            "orders": {"customer": str(customer.uuid)},
        }[path] | {"external_id": "4711"}

        with called_before_the_commit_of(rows[path], lambda: pos.post(path, body)) as (response,):
            assert_conflict(response, "external_id_taken", "external_id")
        assert type(rows[path]).objects.filter(external_id="4711").count() == 1

    def test_the_second_of_two_pickups_of_a_day(self, pos: Caller, customer: Customer) -> None:
        day = customer.business.today() + timedelta(days=1)
        pickup = PickupRequest(business=customer.business, customer=customer, pickup_date=day)
        body = {"customer": str(customer.uuid), "pickup_date": str(day)}

        with called_before_the_commit_of(pickup, lambda: pos.post("pickup-requests", body)) as (
            response,
        ):
            assert_conflict(response, "scheduled_already", "pickup_date")

    def test_a_record_that_is_deleted_while_a_call_refers_to_it(
        self, pos: Caller, customer: Customer
    ) -> None:
        """Foreign keys are checked at the commit."""
        agent = AgentFactory.create(business=customer.business)

        def delete(**_: Any) -> None:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(delete_agent).result(20)

        def delete_agent() -> None:
            Agent.objects.filter(pk=agent.pk).delete()
            connection.close()

        receiver = mock.Mock(side_effect=delete)
        post_save.connect(receiver, sender=Order)
        response = pos.post("orders", {"customer": str(customer.uuid), "agent": str(agent.uuid)})
        post_save.disconnect(receiver, sender=Order)

        assert receiver.called
        assert_conflict(response, "gone")
        assert not Order.objects.exists()
