"""Calls that no client of ours makes: each is answered in the API's own way, and nothing is written."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Http
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, CustomField, Order
from smrt_integration.api import parsers
from tests.api.conftest import Caller
from tests.factories import CustomFieldFactory, StopFactory

pytestmark = pytest.mark.django_db


def posted(caller: Caller, body: bytes | str, path: str = "orders") -> Any:
    return Http(headers={"Authorization": f"Bearer {caller.secret}"}).post(
        f"/api/v1/{path}", body, content_type="application/json"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[" * 100_000,
        b"\xff\xfe",
        '{"bags": NaN}',
        '{"bags": 1e999}',
        "[]",
        "7",
        "null",
        '"order"',
    ],
)
def test_what_is_no_order_is_refused(pos: Caller, body: bytes | str) -> None:
    answer = posted(pos, body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    pos: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsers, "MAX_BODY_BYTES", 100)
    answer = posted(pos, '{"number": "' + "x" * 100 + '"}')
    assert (answer.status_code, list(answer.json())) == (413, ["detail"])


def test_another_kind_of_body_is_refused(pos: Caller) -> None:
    answer = Http(headers={"Authorization": f"Bearer {pos.secret}"}).post(
        "/api/v1/orders", {"bags": "1"}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_characters_that_no_database_keeps_are_refused(
    pos: Caller, customer: Customer, text: str
) -> None:
    answer = pos.post("orders", {"customer": str(customer.uuid), "number": text})
    assert (answer.status_code, list(answer.json())) == (400, ["number"])


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-27T17:05:00",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "yesterday",
        5,
    ],
)
def test_a_time_that_nobody_can_place_is_refused(
    pos: Caller, customer: Customer, at: object
) -> None:
    answer = pos.post("orders", {"customer": str(customer.uuid), "at": at})
    assert (answer.status_code, list(answer.json())) == (400, ["at"])
    assert not Order.objects.exists()


def test_a_change_of_which_a_part_is_refused_changes_nothing(
    pos: Caller, customer: Customer
) -> None:
    birthday = CustomFieldFactory.create(business=customer.business, kind=CustomField.Kind.DATE)
    before = pos.get(f"customers/{customer.uuid}").json()

    answer = pos.patch(
        f"customers/{customer.uuid}",
        {
            "first_name": "Zoe",
            "phone": "415 555 0177",
            "custom_fields": [{"field": str(birthday.uuid), "value": "soon"}],
        },
    )

    assert answer.status_code == 400
    assert pos.get(f"customers/{customer.uuid}").json() == before


def test_an_action_on_a_stop_that_is_done_is_a_conflict(app: Caller, customer: Customer) -> None:
    stop = StopFactory.create(customer=customer)
    app.post(f"stops/{stop.uuid}/miss")

    answers = [app.post(f"stops/{stop.uuid}/{action}") for action in ("miss", "complete")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (409, {"detail": "This stop was missed already.", "code": "missed_already"})
    ] * 2


def test_a_fault_of_ours_is_answered_so_that_a_program_can_read_it(
    pos: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smrt_integration.api.resources.orders import OrderViewSet

    def broken(self: OrderViewSet) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(OrderViewSet, "get_queryset", broken)
    http = Http(headers={"Authorization": f"Bearer {pos.secret}"}, raise_request_exception=False)

    answer = http.get("/api/v1/orders")

    assert (answer.status_code, list(answer.json())) == (500, ["detail"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("delete", "orders", 405), ("get", "moons", 404), ("put", "orders", 405)],
)
def test_what_does_not_exist_is_answered_as_everything_else(
    pos: Caller, method: str, path: str, status: int
) -> None:
    answer = pos(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("orders", {"custmer": "x"}, "custmer"),
        ("orders", {"items": [{"descripton": "Shirt"}]}, "items"),
        ("customers", {"adress": None}, "adress"),
        ("customers", {"address": {"zip": "94110"}}, "address"),
        ("agents", {"name": "Store", "knid": "ROUTE"}, "knid"),
        ("send-log-entries/send-again", {"outcom": "rejected"}, "outcom"),
    ],
)
def test_a_name_that_means_nothing_is_refused(
    pos: Caller, path: str, body: dict[str, object], field: str
) -> None:
    answer = pos.post(path, body)
    assert (answer.status_code, field in answer.json()) == (400, True), answer.content


def test_a_slip_of_the_pen_does_not_return_a_whole_order(pos: Caller, customer: Customer) -> None:
    order = pos.post(
        "orders",
        {"customer": str(customer.uuid), "items": [{"description": "Shirt", "price": "4.50"}] * 2},
    ).json()

    answer = pos.post(f"orders/{order['id']}/return", {"item": [order["items"][0]["id"]]})

    assert answer.json() == {"item": ["Unknown field. The fields are: at, by, stop, items."]}
    assert pos.get(f"orders/{order['id']}").json() == order


def test_a_body_whose_length_is_not_told_is_refused(pos: Caller, customer: Customer) -> None:
    """Django reads none of it: it would return everything."""
    order = pos.post("orders", {"customer": str(customer.uuid)}).json()
    http = Http(headers={"Authorization": f"Bearer {pos.secret}", "Transfer-Encoding": "chunked"})

    answer = http.generic(
        "POST", f"/api/v1/orders/{order['id']}/return", b"", content_type="application/json"
    )

    assert (answer.status_code, list(answer.json())) == (411, ["detail"])
    assert pos.get(f"orders/{order['id']}").json() == order


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("orders", "custmer=x"),
        ("orders", "created_after=2026-01-01T00:00:00"),
        ("orders", "created_after=soon"),
        ("orders", "created_before=0001-01-01T00:00:00%2B16:00"),
        ("pickup-requests", "date=2026-01-01"),
        ("customers", "name=" + "a" * 201),
        ("send-log-entries", "outcom=rejected"),
        ("agents", "kind=MOON"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(pos: Caller, path: str, query: str) -> None:
    answer = pos.get(f"{path}?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]]), (
        answer.content
    )


def test_any_offset_is_understood(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid)}).json()
    for after, found in (
        ("2020-01-01T00:00:00%2B16:00", [order["id"]]),
        ("2999-01-01T00:00:00-23:59", []),
    ):
        assert [
            row["id"] for row in pos.get(f"orders?created_after={after}").json()["results"]
        ] == found


def test_many_words_cost_no_more_than_a_few(pos: Caller, customer: Customer) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert pos.get("customers", name="a " * 100).status_code == 200
    assert max(query["sql"].count("LIKE") for query in captured) <= 12


@pytest.mark.parametrize(
    "path", ["integration", "orders", "own-key", "event-types", "send-log-entries"]
)
def test_head_is_answered_as_get_is(pos: Caller, path: str) -> None:
    assert pos("head", path).status_code == pos.get(path).status_code == 200


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "2026-03-27T17:05:00", "1970-01-01T00:00:00Z"]
)
def test_a_report_whose_time_nobody_can_place_keeps_no_other_from_counting(
    app: Caller, customer: Customer, at: str
) -> None:
    stops = StopFactory.create_batch(2, customer=customer)
    reports = [
        {"stop": str(stop.uuid), "outcome": "missed", **more}
        for stop, more in zip(stops, ({"at": at}, {}), strict=True)
    ]

    answers = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [answer["status"] for answer in answers] == ["refused", "done"]
