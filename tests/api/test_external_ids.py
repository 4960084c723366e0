"""External ids: a program finds its records by its own ids, which are unique in its business."""

from typing import Any

import pytest

from customers.models import Customer
from smrt_integration.api.resources.stop_reports import report_hash
from tests.api.conftest import Caller, errors
from tests.api.test_conflicts import assert_conflict
from tests.factories import CustomerFactory, EmployeeFactory, OrderFactory, StopFactory

pytestmark = pytest.mark.django_db
PATHS = ("customers", "employees", "orders")


def new(customer: Customer, path: str, external_id: str | None = None) -> dict[str, Any]:
    """Return the body of a new record, with the external id unless it is None."""
    body = {
        "customers": {"first_name": "Ann"},
        "employees": {"name": "Dan", "role": "DRIVER"},
        "orders": {"customer": str(customer.uuid)},
    }[path]
    return body if external_id is None else body | {"external_id": external_id}


@pytest.mark.parametrize("path", PATHS)
def test_a_record_is_found_by_its_external_id(pos: Caller, customer: Customer, path: str) -> None:
    pos.post(path, new(customer, path))
    created = pos.post(path, new(customer, path, " Jose\u0301 7 ")).json()
    assert created["external_id"] == "Jos\u00e9 7"

    for typed in ("Jose\u0301 7", "Jos\u00e9 7"):
        found = pos.get(path, external_id=typed).json()["results"]
        assert [row["id"] for row in found] == [created["id"]]
    for typed in ("jos\u00e9 7", "Jos\u00e9", "7"):
        assert pos.get(path, external_id=typed).json()["results"] == []
    assert errors(pos.post(path, new(customer, path, "x" * 101)))[0].code == "max_length"


@pytest.mark.parametrize("path", PATHS)
def test_an_external_id_is_unique_unless_it_is_empty(
    pos: Caller, customer: Customer, path: str
) -> None:
    first = pos.post(path, new(customer, path, "4711")).json()
    others = [pos.post(path, new(customer, path, "")).json() for _ in range(2)]
    paths = [f"{path}/{row['id']}" for row in (first, *others)]

    taken = "external_id_taken", "external_id"
    assert_conflict(pos.post(path, new(customer, path, "4711")), *taken)
    assert_conflict(pos.patch(paths[1], {"external_id": "4711"}), *taken)
    assert pos.get(paths[1]).json()["external_id"] == ""
    assert pos.patch(paths[0], first).status_code == 200

    assert pos.patch(paths[0], {"external_id": ""}).status_code == 200
    assert pos.patch(paths[1], {"external_id": "4711"}).json()["external_id"] == "4711"


@pytest.mark.parametrize("path", PATHS)
def test_two_businesses_may_use_the_same_external_id(
    pos: Caller, customer: Customer, path: str
) -> None:
    factories: dict[str, Any] = {
        "customers": CustomerFactory,
        "employees": EmployeeFactory,
        "orders": OrderFactory,
    }
    stranger = factories[path].create(external_id="4711")
    assert stranger.business != customer.business

    assert pos.get(path, external_id="4711").json()["results"] == []
    created = pos.post(path, new(customer, path, "4711"))
    assert created.status_code == 201
    assert pos.get(path, external_id="4711").json()["results"] == [created.json()]


def test_a_repeated_call_is_no_conflict(pos: Caller, customer: Customer) -> None:
    body = new(customer, "customers", "4711")
    first, second = (pos.post("customers", body, Idempotency_Key="once") for _ in range(2))
    assert (first.status_code, second.json()) == (201, first.json())
    # A refused call is not kept, so that it can be corrected.
    assert_conflict(
        pos.post("customers", body, Idempotency_Key="twice"), "external_id_taken", "external_id"
    )
    assert (
        pos.post("customers", body | {"external_id": "4712"}, Idempotency_Key="twice").status_code
        == 201
    )


def test_the_external_id_of_an_order_at_a_stop(app: Caller, customer: Customer) -> None:
    OrderFactory.create(customer=customer, external_id="A1")
    stop = StopFactory.create(customer=customer)
    body = {"new_orders": [{}, {"external_id": "A1"}]}

    taken = app.post(f"stops/{stop.uuid}/complete", body)

    assert_conflict(taken, "external_id_taken", "new_orders[1].external_id")
    body["new_orders"][1]["external_id"] = "A2"
    assert app.post(f"stops/{stop.uuid}/complete", body).status_code == 200


def test_a_report_from_before_external_ids_has_the_same_hash() -> None:
    def hashed(**order: str) -> str:
        rest: dict[str, Any] = {"driver": None, "delivered_orders": [], "bags_delivered": None}
        return report_hash("completed", {"new_orders": [{"bags": 1, **order}], **rest})

    assert hashed(external_id="") == hashed()
    assert hashed(external_id="A1") != hashed()
