"""What people bring to be cleaned."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Final

from customers.models import NewItem
from smrt_integration.dev.demo.businesses import Firm

PIECES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "DE": (("Hemd", "2.90"), ("Hose", "7.50"), ("Sakko", "9.80"), ("Daunendecke", "24.00"), ("Kleid, gekürzt", "18.50")),
        "US": (("Shirt", "3.75"), ("Pants", "8.95"), ("Suit, two pieces", "19.50"), ("Comforter", "38.00"), ("Hem", "14.00")),
        "AU": (("Shirt", "4.50"), ("Trousers", "11.00"), ("Doona", "42.00"), ("Wetsuit", "25.00")),
    }
)
"""Description and price each, by country."""


def brought(firm: Firm, random: Random) -> list[NewItem]:
    return [_piece(firm, random) for _ in range(random.choice((1, 1, 2, 2, 3, 5)))]


def _piece(firm: Firm, random: Random) -> NewItem:
    description, price = random.choice(PIECES[firm.demo.place.country])
    department = random.choice(firm.departments) if firm.departments else None
    return NewItem(description, Decimal(price), quantity=random.choice((1, 1, 1, 2, 4)), department=department)
