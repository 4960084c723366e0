"""What people bring to be cleaned."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any, Final, TypedDict

from devtools.demo.people import Stock

PIECES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
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
            ("Suit, two pieces", "19.50"),
            ("Comforter", "38.00"),
            ("Hem", "14.00"),
        ),
        "AU": (("Shirt", "4.50"), ("Trousers", "11.00"), ("Doona", "42.00"), ("Wetsuit", "25.00")),
    }
)
"""Description and price each, by country."""


class Piece(TypedDict):
    """`department` as the stock has it: a record of the past, or an id at the API."""

    description: str
    price: Decimal
    quantity: int
    department: Any


def brought(stock: Stock, random: Random) -> list[Piece]:
    return [_piece(stock, random) for _ in range(random.choice((1, 1, 2, 2, 3, 5)))]


def in_json(pieces: list[Piece]) -> list[dict[str, Any]]:
    return [{**piece, "price": str(piece["price"])} for piece in pieces]


def _piece(stock: Stock, random: Random) -> Piece:
    description, price = random.choice(PIECES[stock.demo.place.country])
    department = random.choice(stock.departments) if stock.departments else None
    return {
        "description": description,
        "price": Decimal(price),
        "quantity": random.choice((1, 1, 1, 2, 4)),
        "department": department,
    }
