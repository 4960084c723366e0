"""Orders, from taking in to returning, and the events that Segment gets."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, Employee, Order
from events.models import Integration
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller, errors, fields
from tests.factories import (
    AgentFactory,
    CustomerFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
    OrderFactory,
    StopFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

SHIRT = {"description": "Shirt", "price": "4.50", "quantity": 2}
COAT = {"description": "Coat", "price": "20.00"}


def test_an_order_is_created_ready_and_returned_and_segment_gets_each_event(
    pos: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
) -> None:
    clerk: Employee = EmployeeFactory.create(business=customer.business, name="Carla Counter")
    body = {
        "customer": str(customer.uuid),
        "items": [SHIRT, COAT],
        "sold_by": str(clerk.uuid),
        "tax_rate": "10",
    }

    created = pos.post("orders", body)
    assert created.status_code == 201, created.content
    order = created.json()
    assert (order["status"], order["total"], order["sold_by"]) == ("open", "31.90", str(clerk.uuid))
    assert order == pos.get(f"orders/{order['id']}").json()
    assert [item["description"] for item in order["items"]] == ["Shirt", "Coat"]

    assert pos.post(f"orders/{order['id']}/ready").json()["status"] == "ready"
    returned = pos.post(f"orders/{order['id']}/return", {"by": str(clerk.uuid)}).json()
    assert (returned["status"], returned["returned_by"]) == ("returned", str(clerk.uuid))

    Delivery().run()
    sent = [message["event"] for message in segment.accepted() if message["type"] == "track"]
    assert sorted(sent) == [
        "Customer Visit",
        "Order Created",
        "Order Line Item Returned",
        "Order Line Item Returned",
        "Order Ready",
        "Order Returned",
    ]


def test_an_order_with_fifty_items_takes_as_many_queries_as_one_with_two(
    pos: Caller, customer: Customer, integration: Integration
) -> None:
    department = str(DepartmentFactory.create(business=customer.business).uuid)

    def queries(items: int) -> int:
        body = {
            "customer": str(customer.uuid),
            "items": [SHIRT | {"department": department}] * items,
        }
        with CaptureQueriesContext(connection) as captured:
            assert pos.post("orders", body).status_code == 201
        return len(captured)

    queries(1)
    assert queries(2) == queries(50)


def test_a_list_of_fifty_takes_four_queries(pos: Caller, customer: Customer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert pos.get("orders").status_code == 200
        return len(captured)

    for _ in range(2):
        pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT, COAT]})
    few = queries()
    for _ in range(48):
        pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT, COAT]})

    assert queries() == few <= 4
    assert len(pos.get("orders").json()["results"]) == 50


def test_items_are_added_and_removed_and_the_total_follows(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT]}).json()

    more = pos.post(f"orders/{order['id']}/items", {"items": [COAT]}).json()
    assert more["total"] == "29.00"
    fewer = pos("delete", f"orders/{order['id']}/items/{more['items'][0]['id']}").json()
    assert (fewer["total"], [item["description"] for item in fewer["items"]]) == ("20.00", ["Coat"])


def test_a_line_item_is_changed_and_the_total_follows(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT, COAT]}).json()
    laundry = DepartmentFactory.create(business=customer.business)
    shirt = order["items"][0]

    response = pos.patch(
        f"orders/{order['id']}/items/{shirt['id']}",
        {"quantity": 3, "department": str(laundry.uuid)},
    ).json()

    assert response["items"][0] == shirt | {"quantity": 3, "department": str(laundry.uuid)}
    assert response["total"] == "33.50"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": "-1"}, "price"),
        ({"quantity": 0}, "quantity"),
        ({"description": ""}, "description"),
        ({"department": "7"}, "department"),
    ],
)
def test_an_invalid_line_item_is_refused_and_stays(
    pos: Caller, customer: Customer, change: dict[str, object], field: str
) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT]}).json()

    response = pos.patch(
        f"orders/{order['id']}/items/{order['items'][0]['id']}", {"price": "9.00"} | change
    )

    assert (response.status_code, fields(response)) == (400, [field])
    assert pos.get(f"orders/{order['id']}").json() == order


def test_an_item_of_another_order_is_not_found(pos: Caller, customer: Customer) -> None:
    one, other = (
        pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT]}).json()
        for _ in range(2)
    )
    path = f"orders/{one['id']}/items/{other['items'][0]['id']}"

    assert pos.patch(path, {"quantity": 3}).status_code == 404
    assert pos("delete", path).status_code == 404
    assert pos.get(f"orders/{other['id']}").json() == other


def test_an_order_can_be_changed_while_it_is_open(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [COAT]}).json()
    store, clerk = (
        AgentFactory.create(business=customer.business),
        EmployeeFactory.create(business=customer.business),
    )
    changes = {
        "bags": 3,
        "tax_rate": "10.0000",
        "agent": str(store.uuid),
        "sold_by": str(clerk.uuid),
    }

    response = pos.patch(f"orders/{order['id']}", changes)

    assert response.json() == order | changes | {"tax": "2.00", "total": "22.00"}
    pos.post(f"orders/{order['id']}/ready")
    assert pos.patch(f"orders/{order['id']}", {"bags": 4}).status_code == 409


def test_part_of_an_order_is_returned(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT, COAT]}).json()
    coat = order["items"][1]["id"]

    response = pos.post(f"orders/{order['id']}/return", {"items": [coat]}).json()

    assert response["status"] == "open"
    assert {item["id"] for item in response["items"] if item["returned_at"]} == {coat}


def test_a_discount_is_changed(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [COAT]}).json()
    ten = DiscountFactory.create(business=customer.business, value=Decimal(10))

    assert (
        pos.patch(f"orders/{order['id']}", {"discount": str(ten.uuid)}).json()["total"] == "18.00"
    )
    assert pos.patch(f"orders/{order['id']}", {"discount": None}).json()["total"] == "20.00"


def test_an_invalid_field_is_named_and_nothing_is_created(pos: Caller, customer: Customer) -> None:
    theirs = CustomerFactory.create()
    for body, field in (
        ({}, "customer"),
        ({"customer": str(theirs.uuid)}, "customer"),
        ({"customer": "7"}, "customer"),
        ({"customer": str(customer.uuid), "agent": str(AgentFactory.create().uuid)}, "agent"),
        (
            {"customer": str(customer.uuid), "items": [{"description": "Shirt", "price": "-1"}]},
            "items[0].price",
        ),
        (
            {
                "customer": str(customer.uuid),
                "items": [SHIRT | {"department": str(DepartmentFactory.create().uuid)}],
            },
            "items[0].department",
        ),
        ({"customer": str(customer.uuid), "stop": str(StopFactory.create().uuid)}, "stop"),
        ({"customer": str(customer.uuid), "at": "2999-01-01T00:00:00Z"}, "at"),
    ):
        response = pos.post("orders", body)
        assert response.status_code == 400, body
        assert fields(response) == [field], response.json()
    assert not Order.objects.exists()


def test_an_action_that_the_state_forbids_is_a_conflict(pos: Caller, customer: Customer) -> None:
    order = OrderFactory.create(customer=customer, status=Order.Status.RETURNED, number="A1")

    response = pos.post(f"orders/{order.uuid}/ready")

    assert (response.status_code, errors(response)) == (
        409,
        [("returned_already", None, "Order A1 is already returned.")],
    )


def test_an_order_of_another_business_is_not_found(
    pos: Caller, other: Caller, customer: Customer
) -> None:
    order = OrderFactory.create(customer=customer)

    assert other.get(f"orders/{order.uuid}").status_code == 404
    assert other.post(f"orders/{order.uuid}/ready").status_code == 404
    assert other.get("orders").json()["results"] == []
    assert pos.get(f"orders/{order.uuid}").status_code == 200


def test_a_change_of_another_field_leaves_the_total_alone(pos: Caller, customer: Customer) -> None:
    """The total keeps the old discount, even if the discount was edited since."""
    ten = DiscountFactory.create(business=customer.business, value=Decimal(10))
    order = pos.post(
        "orders", {"customer": str(customer.uuid), "items": [COAT], "discount": str(ten.uuid)}
    ).json()
    ten.value = Decimal(50)
    ten.save()

    assert (
        pos.patch(f"orders/{order['id']}", {"bags": 2}).json()["total"] == order["total"] == "18.00"
    )


def test_a_returned_item_cannot_be_changed(pos: Caller, customer: Customer) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [SHIRT, COAT]}).json()
    shirt = order["items"][0]["id"]
    pos.post(f"orders/{order['id']}/return", {"items": [shirt]})

    for response in (
        pos.patch(f"orders/{order['id']}/items/{shirt}", {"quantity": 3}),
        pos("delete", f"orders/{order['id']}/items/{shirt}"),
    ):
        assert (response.status_code, errors(response)[0].code) == (409, "item_returned_already")


def test_the_error_shows_which_item_has_an_unknown_department(
    pos: Caller, customer: Customer
) -> None:
    theirs = str(DepartmentFactory.create().uuid)
    response = pos.post(
        "orders", {"customer": str(customer.uuid), "items": [SHIRT, COAT | {"department": theirs}]}
    )
    assert errors(response) == [
        ("does_not_exist", "items[1].department", "There is no department with this id.")
    ]
