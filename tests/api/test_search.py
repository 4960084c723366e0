"""`search` finds records by what people type."""

from typing import Any

import pytest

from customers.models import Customer, Order
from tests.api.conftest import Caller, fields
from tests.factories import (
    CustomerFactory,
    OrderFactory,
    PickupRequestFactory,
    RegularPickupRequestFactory,
    StopFactory,
)

LISTS: dict[str, Any] = {
    "customers": None,
    "orders": OrderFactory,
    "stops": StopFactory,
    "pickup-requests": PickupRequestFactory,
    "regular-pickup-requests": RegularPickupRequestFactory,
}


def people(customer: Customer) -> tuple[Customer, Customer]:
    details = {"first_name": "Ánn", "last_name": "Núñez", "email": "ann@nunez.example"}
    customer.first_name, customer.last_name = "Bob", "Brown"
    customer.email, customer.phone = "bob@example.com", "+14156015610"
    customer.save()
    stranger = CustomerFactory.create(**details, phone="+14155550123")
    return (
        CustomerFactory.create(business=customer.business, **details, phone="+14155550123"),
        stranger,
    )


@pytest.mark.parametrize("path", LISTS)
def test_every_list_about_people(pos: Caller, customer: Customer, path: str) -> None:
    found, stranger = people(customer)
    if factory := LISTS[path]:
        for other in (stranger, customer):
            factory.create(customer=other, business=other.business)
        row = factory.create(customer=found, business=found.business)
    else:
        row = found
    for typed in ("nunez", "Nu\u0301n\u0303ez, ann", "ann nu", "(415) 555-0123", "0123", "ann@nun"):
        rows = pos.get(path, search=typed).json()["results"]
        assert [each["id"] for each in rows] == [str(row.uuid)], typed
    for typed in ("%", "_", "\\", "nobody", "12", "\U0001f600"):
        assert pos.get(path, search=typed).json()["results"] == []
    assert fields(pos.get(path, search="x" * 201)) == ["search"]


def test_orders_by_their_number(pos: Caller, customer: Customer) -> None:
    order: Order = OrderFactory.create(customer=customer, number="A-1042")
    OrderFactory.create(customer=customer, number="B-1042")
    for typed in ("A-1042", "#a-1042", "a 104"):
        rows = pos.get("orders", search=typed).json()["results"]
        assert [row["number"] for row in rows] == [order.number], typed


def test_customers_by_name_and_email_without_accents(pos: Caller, customer: Customer) -> None:
    found, _ = people(customer)
    for query in ({"name": "nunez ann"}, {"name": "ÁNN"}, {"email": "ANN@nunez.example"}):
        rows = pos.get("customers", **query).json()["results"]
        assert [row["id"] for row in rows] == [str(found.uuid)], query
    assert pos.get("customers", email="an.n@nunez.example").json()["results"] == []
    assert pos.get("customers", name="-").json()["results"] == []


def test_an_order_number_in_another_unicode_form_is_taken(pos: Caller, customer: Customer) -> None:
    order = {"customer": str(customer.uuid), "items": [{"description": "Shirt", "price": "5.00"}]}
    assert pos.post("orders", order | {"number": "\u00c9-1"}).status_code == 201
    response = pos.post("orders", order | {"number": "E\u0301-1"})
    assert (response.status_code, fields(response)) == (409, ["number"])
    assert Order.objects.filter(customer=customer).count() == 1
