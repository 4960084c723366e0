"""Invalid requests: each gets an error in the API's format, and nothing is written."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Http
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, CustomField, Order
from smrt_integration.api import parsers
from tests.api.conftest import Caller, errors, fields
from tests.factories import CustomFieldFactory, StopFactory

pytestmark = pytest.mark.django_db


def post_raw(caller: Caller, body: bytes | str, path: str = "orders") -> Any:
    return Http(headers={"Authorization": f"Bearer {caller.secret}"}).post(
        f"/api/v1/{path}", body, content_type="application/json"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[" * 100_000,
        "[" * 900 + "]" * 900,
        '{"customer": ' + "[" * 900 + "]" * 900 + "}",
        "[" * 21 + "]" * 21,
        b"\xff\xfe",
        '{"bags": NaN}',
        '{"bags": 1e999}',
        "[]",
        "7",
        "null",
        '"order"',
    ],
)
def test_a_body_that_is_not_an_order_is_refused(pos: Caller, body: bytes | str) -> None:
    response = post_raw(pos, body)
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/json")


def test_the_limit_is_that_of_the_documentation(pos: Caller) -> None:
    """Django has a lower limit of its own, which is for pages."""
    for size, status in ((parsers.MAX_BODY_BYTES, 400), (parsers.MAX_BODY_BYTES + 1, 413)):
        response = post_raw(pos, '{"number": "'.ljust(size - 2, "x") + '"}')
        assert (response.status_code, response.headers["Content-Type"]) == (
            status,
            "application/json",
        )


def test_a_body_that_is_not_json_is_refused(pos: Caller) -> None:
    response = Http(headers={"Authorization": f"Bearer {pos.secret}"}).post(
        "/api/v1/orders", {"bags": "1"}
    )
    assert response.status_code == 415


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_characters_that_postgresql_cannot_store_are_refused(
    pos: Caller, customer: Customer, text: str
) -> None:
    response = pos.post("orders", {"customer": str(customer.uuid), "number": text})
    assert (response.status_code, fields(response)) == (400, ["number"])


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
def test_an_ambiguous_or_impossible_time_is_refused(
    pos: Caller, customer: Customer, at: object
) -> None:
    response = pos.post("orders", {"customer": str(customer.uuid), "at": at})
    assert (response.status_code, fields(response)) == (400, ["at"])
    assert not Order.objects.exists()


def test_a_change_with_an_invalid_part_changes_nothing(pos: Caller, customer: Customer) -> None:
    birthday = CustomFieldFactory.create(business=customer.business, kind=CustomField.Kind.DATE)
    before = pos.get(f"customers/{customer.uuid}").json()

    response = pos.patch(
        f"customers/{customer.uuid}",
        {
            "first_name": "Zoe",
            "phone": "415 555 0177",
            "custom_fields": [{"field": str(birthday.uuid), "value": "soon"}],
        },
    )

    assert response.status_code == 400
    assert pos.get(f"customers/{customer.uuid}").json() == before


def test_an_action_on_a_finished_stop_is_a_conflict(app: Caller, customer: Customer) -> None:
    stop = StopFactory.create(customer=customer)
    app.post(f"stops/{stop.uuid}/miss")

    responses = [app.post(f"stops/{stop.uuid}/{action}") for action in ("miss", "complete")]

    assert [(response.status_code, errors(response)) for response in responses] == [
        (409, [("missed_already", None, "This stop was already missed.")])
    ] * 2


def test_a_server_error_is_returned_as_json(pos: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from smrt_integration.api.resources.orders import OrderViewSet

    def broken(self: OrderViewSet) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(OrderViewSet, "get_queryset", broken)
    http = Http(headers={"Authorization": f"Bearer {pos.secret}"}, raise_request_exception=False)

    response = http.get("/api/v1/orders")

    assert (response.status_code, fields(response)) == (500, [None])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("delete", "orders", 405), ("get", "moons", 404), ("put", "orders", 405)],
)
def test_unknown_paths_and_methods_get_a_json_error(
    pos: Caller, method: str, path: str, status: int
) -> None:
    response = pos(method, path)
    assert (response.status_code, fields(response)) == (status, [None])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("orders", {"custmer": "x"}, "custmer"),
        ("orders", {"items": [{"descripton": "Shirt"}]}, "items[0].descripton"),
        ("customers", {"adress": None}, "adress"),
        ("customers", {"address": {"zip": "94110"}}, "address.zip"),
        ("agents", {"name": "Store", "knid": "ROUTE"}, "knid"),
        ("send-log-entries/send-again", {"outcom": "rejected"}, "outcom"),
    ],
)
def test_an_unknown_field_is_refused(
    pos: Caller, path: str, body: dict[str, object], field: str
) -> None:
    response = pos.post(path, body)
    assert (response.status_code, fields(response)[0]) == (400, field)


def test_a_misspelled_field_does_not_return_a_whole_order(pos: Caller, customer: Customer) -> None:
    order = pos.post(
        "orders",
        {"customer": str(customer.uuid), "items": [{"description": "Shirt", "price": "4.50"}] * 2},
    ).json()

    response = pos.post(f"orders/{order['id']}/return", {"item": [order["items"][0]["id"]]})

    assert errors(response) == [
        ("unknown_field", "item", "Unknown field. The fields are: at, by, stop, items.")
    ]
    assert pos.get(f"orders/{order['id']}").json() == order


def test_a_body_without_content_length_is_refused(pos: Caller, customer: Customer) -> None:
    """Django would read an empty body, which returns all items."""
    order = pos.post("orders", {"customer": str(customer.uuid)}).json()
    http = Http(headers={"Authorization": f"Bearer {pos.secret}", "Transfer-Encoding": "chunked"})

    response = http.generic(
        "POST", f"/api/v1/orders/{order['id']}/return", b"", content_type="application/json"
    )

    assert (response.status_code, fields(response)) == (411, [None])
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
def test_an_invalid_filter_is_named(pos: Caller, path: str, query: str) -> None:
    response = pos.get(f"{path}?{query}")
    assert (response.status_code, fields(response)) == (400, [query.partition("=")[0]]), (
        response.content
    )


def test_every_offset_is_valid(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid)}).json()
    for after, expected in (
        ("2020-01-01T00:00:00%2B16:00", [order["id"]]),
        ("2999-01-01T00:00:00-23:59", []),
    ):
        assert [
            row["id"] for row in pos.get(f"orders?created_after={after}").json()["results"]
        ] == expected


def test_only_a_few_words_of_a_name_are_searched(pos: Caller, customer: Customer) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert pos.get("customers", name="a " * 100).status_code == 200
    assert max(query["sql"].count("LIKE") for query in captured) <= 12


@pytest.mark.parametrize(
    "path", ["integration", "orders", "own-key", "event-types", "send-log-entries"]
)
def test_head_has_the_same_status_as_get(pos: Caller, path: str) -> None:
    assert pos("head", path).status_code == pos.get(path).status_code == 200


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "2026-03-27T17:05:00", "1970-01-01T00:00:00Z"]
)
def test_a_report_with_an_invalid_time_does_not_affect_the_others(
    app: Caller, customer: Customer, at: str
) -> None:
    stops = StopFactory.create_batch(2, customer=customer)
    reports = [
        {"stop": str(stop.uuid), "outcome": "missed", **extra}
        for stop, extra in zip(stops, ({"at": at}, {}), strict=True)
    ]

    results = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [result["status"] for result in results] == ["refused", "done"]
