"""Random line items: what customers bring to be cleaned."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any, Final, TypedDict

from devtools.demo.people import BusinessOptions

PRICE_LISTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "DE": (
            ("Hemd", "2.90"),
            ("Hose", "7.50"),
            ("Sakko", "9.80"),
            ("Daunendecke", "24.00"),
            ("Kleid, gekürzt", "18.50"),
        ),
        "US": (
            ("Shirt", "3.75"),
            ("Pants", "8.95"),
            ("Suit, two items", "19.50"),
            ("Comforter", "38.00"),
            ("Hem", "14.00"),
        ),
        "AU": (("Shirt", "4.50"), ("Trousers", "11.00"), ("Doona", "42.00"), ("Wetsuit", "25.00")),
    }
)
"""Description and price of each item, by country."""


class DemoLineItem(TypedDict):
    """A line item. `department` is a record for the past, or an id for the API."""

    description: str
    price: Decimal
    quantity: int
    department: Any


def random_line_items(options: BusinessOptions, random: Random) -> list[DemoLineItem]:
    return [_random_line_item(options, random) for _ in range(random.choice((1, 1, 2, 2, 3, 5)))]


def line_items_as_json(items: list[DemoLineItem]) -> list[dict[str, Any]]:
    return [{**item, "price": str(item["price"])} for item in items]


def _random_line_item(options: BusinessOptions, random: Random) -> DemoLineItem:
    description, price = random.choice(PRICE_LISTS[options.demo.place.country])
    department = random.choice(options.departments) if options.departments else None
    return {
        "description": description,
        "price": Decimal(price),
        "quantity": random.choice((1, 1, 1, 2, 4)),
        "department": department,
    }
