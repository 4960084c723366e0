"""Calls that no client of ours makes: each is answered in the API's own way, and nothing is written."""

from typing import Any

import pytest
from django.test import Client as Http

from customers.models import Customer, CustomField, Order
from smrt_integration.api import bodies
from tests.api.conftest import Caller
from tests.factories import CustomFieldFactory, StopFactory

pytestmark = pytest.mark.django_db


def posted(caller: Caller, body: bytes | str, path: str = "orders") -> Any:
    return Http(headers={"Authorization": f"Bearer {caller.secret}"}).post(f"/api/v1/{path}", body, content_type="application/json")


@pytest.mark.parametrize("body", ["{", "[" * 100_000, b"\xff\xfe", '{"bags": NaN}', '{"bags": 1e999}', "[]", "7", "null", '"order"'])
def test_what_is_no_order_is_refused(pos: Caller, body: bytes | str) -> None:
    answer = posted(pos, body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(pos: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST", 100)
    answer = posted(pos, '{"number": "' + "x" * 100 + '"}')
    assert (answer.status_code, list(answer.json())) == (413, ["detail"])


def test_another_kind_of_body_is_refused(pos: Caller) -> None:
    answer = Http(headers={"Authorization": f"Bearer {pos.secret}"}).post("/api/v1/orders", {"bags": "1"})
    assert answer.status_code == 415


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_characters_that_no_database_keeps_are_refused(pos: Caller, customer: Customer, text: str) -> None:
    answer = pos.post("orders", {"customer": str(customer.uuid), "number": text})
    assert (answer.status_code, list(answer.json())) == (400, ["number"])


@pytest.mark.parametrize("at", ["2026-03-27T17:05:00", "0001-01-01T00:00:00+14:00", "yesterday", 5])
def test_a_time_that_nobody_can_place_is_refused(pos: Caller, customer: Customer, at: object) -> None:
    answer = pos.post("orders", {"customer": str(customer.uuid), "at": at})
    assert (answer.status_code, list(answer.json())) == (400, ["at"])
    assert not Order.objects.exists()


def test_a_change_of_which_a_part_is_refused_changes_nothing(pos: Caller, customer: Customer) -> None:
    birthday = CustomFieldFactory.create(business=customer.business, kind=CustomField.Kind.DATE)
    before = pos.get(f"customers/{customer.uuid}").json()

    answer = pos.patch(
        f"customers/{customer.uuid}",
        {"first_name": "Zoe", "phone": "415 555 0177", "custom_fields": [{"field": str(birthday.uuid), "value": "soon"}]},
    )

    assert answer.status_code == 400
    assert pos.get(f"customers/{customer.uuid}").json() == before


def test_an_action_on_a_stop_that_is_done_is_a_conflict(app: Caller, customer: Customer) -> None:
    stop = StopFactory.create(customer=customer)
    app.post(f"stops/{stop.uuid}/miss")

    answers = [app.post(f"stops/{stop.uuid}/{action}") for action in ("miss", "complete")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(409, {"detail": "This stop was missed already."})] * 2


def test_a_fault_of_ours_is_answered_so_that_a_program_can_read_it(pos: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from smrt_integration.api.resources.orders import Orders

    def broken(self: Orders) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(Orders, "get_queryset", broken)
    http = Http(headers={"Authorization": f"Bearer {pos.secret}"}, raise_request_exception=False)

    answer = http.get("/api/v1/orders")

    assert (answer.status_code, list(answer.json())) == (500, ["detail"])


@pytest.mark.parametrize(("method", "path", "status"), [("delete", "orders", 405), ("get", "moons", 404), ("put", "orders", 405)])
def test_what_does_not_exist_is_answered_as_everything_else(pos: Caller, method: str, path: str, status: int) -> None:
    answer = pos(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
