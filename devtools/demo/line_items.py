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

WEIGHED: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "DE": ("Wäsche, gewaschen und gefaltet", "5.90", "kg"),
        "US": ("Wash and fold", "1.85", "lb"),
        "AU": ("Wash and fold", "7.50", "kg"),
    }
)
"""Description, price and unit of what is sold by weight, by country."""

SHARE_WEIGHED: Final = 0.1


class DemoLineItem(TypedDict):
    """A line item. `department` is a record for the past, or an id for the API."""

    description: str
    price: Decimal
    quantity: int | Decimal
    unit: str
    department: Any


def random_line_items(options: BusinessOptions, random: Random) -> list[DemoLineItem]:
    return [_random_line_item(options, random) for _ in range(random.choice((1, 1, 2, 2, 3, 5)))]


def line_items_as_json(items: list[DemoLineItem]) -> list[dict[str, Any]]:
    return [
        {**item, "price": str(item["price"]), "quantity": str(item["quantity"])} for item in items
    ]


def _random_line_item(options: BusinessOptions, random: Random) -> DemoLineItem:
    country = options.demo.place.country
    description, price = random.choice(PRICE_LISTS[country])
    quantity: int | Decimal = random.choice((1, 1, 1, 2, 4))
    unit = ""
    if random.random() < SHARE_WEIGHED:
        description, price, unit = WEIGHED[country]
        quantity = Decimal(random.randint(40, 250)) / 10
    department = random.choice(options.departments) if options.departments else None
    return {
        "description": description,
        "price": Decimal(price),
        "quantity": quantity,
        "unit": unit,
        "department": department,
    }
