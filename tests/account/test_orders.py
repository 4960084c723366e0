"""The customer page with current and past orders."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from customers.models import Business, Customer
from tests.account.conftest import Visitor
from tests.factories import BusinessFactory, CustomerFactory, LineItemFactory, OrderFactory

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
"""Still February in San Francisco."""


def test_orders_are_shown_with_their_status(visitor: Visitor, customer: Customer) -> None:
    OrderFactory.create(customer=customer, number="A1", created_at=EVENING)
    OrderFactory.create(customer=customer, number="A2", status="ready", ready_at=EVENING)
    OrderFactory.create(customer=customer, number="A3", status="returned", returned_at=EVENING)
    OrderFactory.create(customer=CustomerFactory.create(business=customer.business), number="B1")

    home, orders = visitor.open("/account/").words, visitor.open("/account/orders").words

    for words in (home, orders):
        assert "Order A1 Saturday, February 28" in words
        assert "Being cleaned" in words
        assert "Ready since Saturday, February 28" in words
        assert "B1" not in words
    assert "A3" not in home
    assert "Returned on Saturday, February 28, 2026" in orders


@pytest.mark.parametrize(
    ("currency", "amount"),
    [
        ("USD", "$1,234.50"),
        ("EUR", "€1,234.50"),
        ("CHF", "1,234.50 CHF"),
        ("JPY", "¥1,234"),
        ("KRW", "1,234 KRW"),
    ],
)
def test_amounts_are_in_the_currency_of_the_business(currency: str, amount: str) -> None:
    business: Business = BusinessFactory.create(currency=currency)
    order = OrderFactory.create(
        business=business, customer__business=business, total=Decimal("1234.50")
    )
    LineItemFactory.create(
        order=order, quantity=2, description="Shirt <b>", price=Decimal("617.25")
    )
    visitor = Visitor()
    visitor.log_in(order.customer)

    words = visitor.open("/account/orders").words

    assert f"{amount}, 1 item for order {order.number}" in words
    assert f"2 \N{MULTIPLICATION SIGN} Shirt <b>: {amount}" in words


def test_many_orders_are_shown_in_pages(visitor: Visitor, customer: Customer) -> None:
    for number in range(45):
        OrderFactory.create(
            customer=customer,
            number=f"N{number:02}",
            created_at=datetime(2026, 1, 1, number // 2, number % 2, tzinfo=UTC),
        )

    pages = [visitor.open(f"/account/orders?page={number}") for number in (1, 2, 3)]

    assert [page.words.count("Order N") for page in pages] == [20, 20, 5]
    assert ("Order N44" in pages[0].words, "Order N00" in pages[2].words) == (True, True)
    assert [[link for link in page.links if "page" in link] for page in pages] == [
        ["?page=2"],
        ["?page=1", "?page=3"],
        ["?page=2"],
    ]


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "99999", "²", ""])
def test_an_unknown_page_number_is_no_error(visitor: Visitor, number: str) -> None:
    assert visitor.open(f"/account/orders?page={number}").status == 200
