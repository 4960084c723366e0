"""Line items by weight or size: 12.4 pounds of laundry."""

from decimal import Decimal

import pytest

from customers.models import Customer, LineItem, NewLineItem, Order
from tests.customers.refused import refused
from tests.factories import BusinessFactory, CustomerFactory, LineItemFactory

pytestmark = pytest.mark.django_db

LAUNDRY = NewLineItem("Wash and fold", Decimal("1.99"), Decimal("12.4"), unit="lb")


def stored(order: Order) -> list[LineItem]:
    return list(LineItem.objects.filter(order=order).order_by("pk"))


def test_a_line_costs_its_quantity_times_its_price_to_the_coin(customer: Customer) -> None:
    """12.4 times 1.99 is 24.676; 0.125 times 0.20 is 0.025."""
    more = NewLineItem("Starch", Decimal("0.20"), Decimal("0.125"), unit="kg")
    order = Order.create(customer, items=[LAUNDRY, more, more], tax_rate=Decimal(10))

    assert (order.subtotal, order.tax, order.total) == (
        Decimal("24.74"),
        Decimal("2.47"),
        Decimal("27.21"),
    )
    line, *_ = stored(order)
    assert (line.quantity, line.unit, line.quantity_with_unit) == (Decimal("12.4"), "lb", "12.4 lb")


def test_in_yen_a_line_is_rounded_to_whole_yen() -> None:
    customer = CustomerFactory.create(business=BusinessFactory.create(currency="JPY"))
    items = [NewLineItem("Rug", Decimal(333), Decimal("1.5"), unit="m²")] * 2
    assert Order.create(customer, items=items).subtotal == 1000


@pytest.mark.parametrize("quantity", [2, Decimal("2.000"), Decimal(2)])
def test_a_whole_quantity_stays_whole(customer: Customer, quantity: int | Decimal) -> None:
    order = Order.create(customer, items=[NewLineItem("Shirt", Decimal(5), quantity)])
    (line,) = stored(order)
    assert (repr(line.quantity), line.exact_quantity, line.quantity_with_unit) == ("2", None, "2")


@pytest.mark.parametrize(
    ("quantity", "pieces"),
    [("12.4", 12), ("12.5", 13), ("0.001", 1), ("9999.9", 10000)],
)
def test_programs_of_the_version_before_read_whole_pieces(quantity: str, pieces: int) -> None:
    line = LineItemFactory.create(quantity=Decimal(quantity))
    line.refresh_from_db()
    assert (line.quantity, line.pieces) == (Decimal(quantity), pieces)


def test_a_quantity_and_its_unit_can_be_corrected(customer: Customer) -> None:
    order = Order.create(customer, items=[LAUNDRY])
    (line,) = stored(order)

    order.change_item(line, quantity=Decimal("12.75"))
    assert (stored(order)[0].quantity_with_unit, order.subtotal) == ("12.75 lb", Decimal("25.37"))

    order.change_item(line, quantity=3, unit="")
    assert (stored(order)[0].quantity_with_unit, order.subtotal) == ("3", Decimal("5.97"))


def test_items_by_weight_are_returned_like_others(customer: Customer) -> None:
    order = Order.create(customer, items=[LAUNDRY, NewLineItem("Shirt", Decimal(5))])
    laundry, _ = stored(order)
    order.return_to_customer(by=None, items=[laundry])
    assert order.status == "open"
    order.return_to_customer(by=None)
    assert order.status == "returned"
    assert [line.quantity for line in stored(order)] == [Decimal("12.4"), 1]


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (Decimal("0.0004"), "The quantity must be from 0.001 to 2,147,483,647."),
        (Decimal("NaN"), "The quantity must be from 0.001 to 2,147,483,647."),
        (Decimal("Infinity"), "The quantity must be from 0.001 to 2,147,483,647."),
        (Decimal("12.4567"), "The quantity may have at most 3 decimals. Round it."),
    ],
)
def test_an_impossible_quantity_is_refused(
    customer: Customer, quantity: Decimal, message: str
) -> None:
    with refused(message, "invalid", "quantity"):
        Order.create(customer, items=[NewLineItem("Shirt", Decimal(5), quantity)])


def test_a_long_unit_is_refused(customer: Customer) -> None:
    message = "The unit must have at most 20 characters, such as lb."
    with refused(message, "invalid", "unit"):
        Order.create(customer, items=[NewLineItem("Rug", Decimal(5), unit="x" * 21)])
