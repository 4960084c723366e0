"""Numbers as tills write them: taken where they are meant exactly, refused where they are not."""

import json
from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest

from customers.models import Business, Customer, LineItem, Order
from tests.api.conftest import Caller, told_errors
from tests.factories import StopFactory

pytestmark = pytest.mark.django_db

HOW_TO_WRITE = "Write it with the digits 0 to 9 and a decimal point, such as 1234.5."


def raw_order(pos: Caller, customer: Customer, number: str, field: str = "price") -> Any:
    """Post an order with this JSON text as the price (or another field) of its item."""
    item = {"description": "Shirt", "price": 5, field: "NUMBER"}
    body = json.dumps({"customer": str(customer.uuid), "items": [item]})
    return pos.post("orders", body.replace('"NUMBER"', number))


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("18.990000000000002", "18.99"),
        ("18.989999999999998", "18.99"),
        ("0.30000000000000004", "0.30"),
        ("18.990009", "18.99"),
        ("18.9900000", "18.99"),
        ('"18.9900000000000"', "18.99"),
        ("1899e-2", "18.99"),
        ('"1899E-2"', "18.99"),
        ("1.899e1", "18.99"),
        ("2E+3", "2000.00"),
        ('"+18.99"', "18.99"),
        ('" 18.99 "', "18.99"),
        ('".5"', "0.50"),
        ("-0.0", "0.00"),
        ('"-0"', "0.00"),
        ("-1e-9", "0.00"),
        ("1e-400000000", "0.00"),
        ("9999999999.99", "9999999999.99"),
    ],
)
def test_a_price_is_taken_as_it_was_meant(
    pos: Caller, customer: Customer, written: str, stored: str
) -> None:
    response = raw_order(pos, customer, written)

    assert response.status_code == 201, response.content
    assert response.json()["items"][0]["price"] == stored
    assert str(LineItem.objects.get().price) == stored


def errors(response: Any) -> str:
    return str(response.json())


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("18.994", "The price must be a multiple of 0.01 USD: round 18.994, for example to 18.99."),
        ('"18.995"', "round 18.995, for example to 19.00."),
        ("18.99002", "round 18.99002, for example to 18.99."),
        (f'"0.1{"2" * 300}"', "round 0.1222"),
        ('"1_000"', HOW_TO_WRITE),
        ('"1,000.00"', HOW_TO_WRITE),
        ('"18,99"', HOW_TO_WRITE),
        ('"1 000"', HOW_TO_WRITE),
        ('"١٨"', HOW_TO_WRITE),
        ('"\\uff11\\uff18"', HOW_TO_WRITE),
        ('"NaN"', HOW_TO_WRITE),
        ('"Infinity"', HOW_TO_WRITE),
        ('"$18.99"', HOW_TO_WRITE),
        ('"0x12"', HOW_TO_WRITE),
        ('""', HOW_TO_WRITE),
        ("true", HOW_TO_WRITE),
        ("[18]", HOW_TO_WRITE),
        ("{}", HOW_TO_WRITE),
        ("1e400", HOW_TO_WRITE),
        ('"1e400000000"', "The price may have at most 10 digits before the decimal point."),
        ('"1e99999999999999999999"', HOW_TO_WRITE),
        ("10000000000", "The price may have at most 10 digits before the decimal point."),
        ("9" * 4000, "The price may have at most 10 digits before the decimal point."),
        ("-0.01", "greater than or equal to 0"),
    ],
)
def test_a_price_that_nobody_can_have_meant_is_refused_with_the_remedy(
    pos: Caller, customer: Customer, written: str, sentence: str
) -> None:
    began = perf_counter()
    response = raw_order(pos, customer, written)

    assert response.status_code == 400, response.content
    assert "price" in errors(response)
    assert sentence in errors(response)
    assert len(response.content) < 1000
    assert perf_counter() - began < 5
    assert not Order.objects.exists()


class TestCurrencies:
    @pytest.fixture
    def in_yen(self, business: Business) -> None:
        business.currency = "JPY"
        business.save()

    def test_yen_have_no_smaller_coins(self, pos: Caller, customer: Customer, in_yen: None) -> None:
        response = raw_order(pos, customer, "1899.0000000000002")
        assert response.json()["items"][0]["price"] == "1899.00"

        response = raw_order(pos, customer, "18.5")
        assert "a multiple of 1 JPY: round 18.5, for example to 19." in errors(response)

    def test_a_discount_is_an_amount_in_the_currency_or_a_percentage(
        self, pos: Caller, business: Business, in_yen: None
    ) -> None:
        percent = {"name": "Loyal", "kind": "PERCENT", "value": 12.500000000000002}
        response = pos.post("discounts", percent)
        assert (response.status_code, response.json()["value"]) == (201, "12.50")

        amount = {"name": "Coupon", "kind": "AMOUNT", "value": "12.5"}
        response = pos.post("discounts", amount)
        assert response.status_code == 400
        assert "The value must be a multiple of 1 JPY" in errors(response)

        response = pos.post("discounts", percent | {"name": "Fine", "value": "12.555"})
        assert "The value may have at most 2 decimals: round 12.555" in errors(response)


class TestOtherNumbers:
    @pytest.mark.parametrize(
        ("written", "stored"), [("8.625000000000002", "8.6250"), ('"8.62500"', "8.6250")]
    )
    def test_a_tax_rate(self, pos: Caller, customer: Customer, written: str, stored: str) -> None:
        body = f'{{"customer": "{customer.uuid}", "tax_rate": {written}}}'
        assert pos.post("orders", body).json()["tax_rate"] == stored

    def test_a_tax_rate_with_too_many_decimals(self, pos: Caller, customer: Customer) -> None:
        response = pos.post("orders", {"customer": str(customer.uuid), "tax_rate": "8.62555"})
        sentence = "The tax rate may have at most 4 decimals: round 8.62555, for example to 8.6256."
        assert sentence in errors(response)

    @pytest.mark.parametrize("bags", [2, 2.0, "2", "2.0", 2.0000000000000004, "2e0"])
    def test_bags_are_whole(self, pos: Caller, customer: Customer, bags: Any) -> None:
        response = pos.post("orders", {"customer": str(customer.uuid), "bags": bags})
        assert (response.status_code, response.json()["bags"]) == (201, 2)

    @pytest.mark.parametrize("bags", [2.5, "1_0", "٢", "\uff12", True, "1e400000000", 2**31, -1])
    def test_bags_that_cannot_be_counted_are_refused(
        self, pos: Caller, customer: Customer, bags: Any
    ) -> None:
        response = pos.post("orders", {"customer": str(customer.uuid), "bags": bags})
        assert response.status_code == 400
        assert "bags" in errors(response)

    def test_bags_and_items_of_a_stop(self, app: Caller, customer: Customer) -> None:
        stops = StopFactory.create_batch(3, customer=customer)
        parts: list[dict[str, Any]] = [
            {"bags_delivered": "1_0"},
            {"new_orders": [{"items": [{"description": "Tie", "price": 6.123}]}]},
            {
                "bags_delivered": 2.0,
                "new_orders": [{"items": [{"description": "Tie", "price": 6.1 + 0.2}]}],
            },
        ]
        reports = [
            {"stop": str(stop.uuid), "outcome": "completed", **part}
            for stop, part in zip(stops, parts, strict=True)
        ]
        answers = app.post("stops/reports", {"reports": reports}).json()["answers"]
        assert [answer["status"] for answer in answers] == ["refused", "refused", "done"]
        (bags,), (price,), *_ = (told_errors(answer["errors"]) for answer in answers)
        assert bags.field == "bags_delivered"
        assert bags.message.startswith("A valid integer is required.")
        assert price.field == "new_orders[0].items[0].price"
        assert "The price must be a multiple of 0.01 USD" in price.message
        assert LineItem.objects.get().price == Decimal("6.30")

    @pytest.mark.parametrize("position", ["1_0", "٣", 1.5, True, 32_768])
    def test_the_position_of_a_custom_field(self, pos: Caller, position: Any) -> None:
        field = {"name": "Pets", "kind": "TEXT", "position": position}
        assert pos.post("custom-fields", field).status_code == 400
        assert pos.post("custom-fields", field | {"position": "3.0"}).json()["position"] == 3


class TestDigits:
    """Python reads 1_0 and the digits of all scripts, also in dates, times and ids."""

    @pytest.mark.parametrize(
        ("path", "field", "value"),
        [
            ("stops", "scheduled_for", "\u0662\u0660\u0662\u0667-03-27"),
            ("orders", "at", "2026-03-27T17:05:0\u0660Z"),
            ("orders", "agent", "\u0661" * 32),
            ("orders", "agent", "1_" * 16),
        ],
    )
    def test_in_dates_and_ids(
        self, pos: Caller, customer: Customer, path: str, field: str, value: str
    ) -> None:
        response = pos.post(path, {"customer": str(customer.uuid), field: value})
        assert response.status_code == 400
        assert f"'field': '{field}'" in errors(response)
        assert "Write this with the digits 0 to 9" in errors(response)

    @pytest.mark.parametrize(
        "query",
        [
            "day=\u0662\u0660\u0662\u0667-03-27",
            "customer=" + "\u0661" * 32,
            "limit=\u0661",
        ],
    )
    def test_in_queries(self, pos: Caller, query: str) -> None:
        response = pos.get(f"stops?{query}")
        assert response.status_code == 400
        assert f"'field': '{query.partition('=')[0]}'" in errors(response)

    def test_names_are_searched_in_every_script(self, pos: Caller, customer: Customer) -> None:
        assert pos.get("customers?name=\u0661").status_code == 200
