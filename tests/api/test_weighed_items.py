"""Quantities with decimals in the API, on pages and in events."""

import json
from itertools import cycle
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from customers.models import Business, Customer, LineItem, Order
from events.models import Integration, Outgoing
from tests.admin.conftest import logged_in, owner
from tests.api.conftest import Caller
from tests.factories import StopFactory

__all__ = ["owner"]

pytestmark = pytest.mark.django_db

LAUNDRY = {"description": "Wash and fold", "price": "1.99", "quantity": 12.4, "unit": "lb"}
SHIRTS = {"description": "Shirt", "price": "4.50", "quantity": 2}


def create(pos: Caller, customer: Customer, *items: dict[str, Any]) -> Any:
    return pos.post("orders", {"customer": str(customer.uuid), "items": list(items)})


def test_an_order_by_weight(pos: Caller, customer: Customer) -> None:
    response = create(pos, customer, LAUNDRY, SHIRTS)

    assert response.status_code == 201, response.content
    laundry, shirts = response.json()["items"]
    assert (laundry["quantity"], laundry["unit"]) == (12.4, "lb")
    assert (shirts["quantity"], shirts["unit"]) == (2, "")
    assert b'"quantity":12.4,' in response.content
    assert b'"quantity":2,' in response.content
    assert response.json()["subtotal"] == "33.68"
    assert pos.get(f"orders/{response.json()['id']}").json() == response.json()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("12.4", "12.4"),
        ('"12.400"', "12.4"),
        ("12.400000000000002", "12.4"),
        ("2.0", "2"),
        ('"2"', "2"),
        ("2e0", "2"),
        ("2.0000000001", "2"),
        ("0.001", "0.001"),
        ("2147483647", "2147483647"),
    ],
)
def test_a_quantity_is_taken_as_it_was_meant(
    pos: Caller, customer: Customer, written: str, kept: str
) -> None:
    item = json.dumps({"description": "Rug", "price": 0.01, "quantity": "Q"})
    body = f'{{"customer": "{customer.uuid}", "items": [{item}]}}'.replace('"Q"', written)
    response = pos.post("orders", body)
    assert response.status_code == 201, response.content
    assert f'"quantity":{kept},' in response.content.decode()
    assert str(LineItem.objects.get().quantity) == kept


@pytest.mark.parametrize(
    "quantity",
    [0, -1, 0.0004, 12.4567, "1_2", "\u0662", "12,4", True, None, 2**31, "1e400000000", "NaN", "a"],
)
def test_other_quantities_are_refused(pos: Caller, customer: Customer, quantity: Any) -> None:
    response = create(pos, customer, SHIRTS | {"quantity": quantity})
    assert response.status_code == 400
    assert "quantity" in str(response.json())
    assert not Order.objects.exists()


@pytest.mark.parametrize("unit", ["x" * 21, 5.5, None, [], "\ud800"])
def test_a_unit_is_a_short_text(pos: Caller, customer: Customer, unit: Any) -> None:
    response = create(pos, customer, LAUNDRY | {"unit": unit})
    is_refused = response.status_code == 400 and "unit" in str(response.json())
    assert is_refused or unit == 5.5


def test_a_line_item_is_corrected(pos: Caller, customer: Customer) -> None:
    order = create(pos, customer, SHIRTS).json()
    path = f"orders/{order['id']}/items/{order['items'][0]['id']}"

    (item,) = pos.patch(path, {"quantity": "3.25", "unit": "kg"}).json()["items"]
    assert (item["quantity"], item["unit"], item["price"]) == (3.25, "kg", "4.50")

    (item,) = pos.patch(path, {"quantity": 4}).json()["items"]
    assert (item["quantity"], item["unit"]) == (4, "kg")


def test_an_event_has_the_quantity(
    pos: Caller, customer: Customer, integration: Integration
) -> None:
    order = create(pos, customer, LAUNDRY, SHIRTS).json()
    pos.post(f"orders/{order['id']}/return", {"items": [order["items"][0]["id"]]})
    pos.post(f"orders/{order['id']}/return")

    returned = Outgoing.objects.filter(event="Order Line Item Returned").order_by("pk")
    assert [json.dumps(row.facts["quantity"]) for row in returned] == ["12.4", "2"]


def test_a_repeated_report_is_known_however_its_quantity_is_written(
    app: Caller, customer: Customer
) -> None:
    stop = StopFactory.create(customer=customer)
    units = cycle([{}, {"unit": ""}])

    def report(quantity: Any) -> str:
        orders = [{"items": [LAUNDRY | {"quantity": quantity}, SHIRTS | next(units)]}]
        reports = [{"stop": str(stop.uuid), "outcome": "completed", "new_orders": orders}]
        answers = app.post("stops/reports", {"reports": reports}).json()["answers"]
        return str(answers[0]["status"])

    assert [report(quantity) for quantity in (12.4, "12.400", 12.400000000000002, 12.5)] == [
        "done",
        "known",
        "known",
        "refused",
    ]


def test_pages_of_the_admin_show_the_quantity_with_its_unit(
    pos: Caller, customer: Customer, business: Business, owner: User
) -> None:
    create(pos, customer, LAUNDRY, SHIRTS)
    item, order = LineItem.objects.order_by("pk").first(), Order.objects.get()
    for path in (
        reverse("admin:customers_order_change", args=[order.pk]),
        reverse("admin:customers_lineitem_changelist"),
        reverse("admin:customers_lineitem_change", args=[item.pk if item else 0]),
    ):
        content = logged_in(owner).get(path).content.decode()
        assert "12.4 lb" in content
        assert "2.0" not in content.replace("v2.0", "")
