"""Parts of properties that several events share. Names, types and meaning: contract, section 1."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypedDict

from customers.money import CENT
from events.definitions.definition import Facts
from events.occurrences import Lookup


class AddressProperties(TypedDict):
    street: str | None
    city: str | None
    state: str | None
    postalCode: str | None
    country: str | None


class DiscountProperties(TypedDict):
    name: str
    description: str | None
    value: float


def amount(value: str | float) -> float:
    """Return a JSON number with the digits of the decimal that was recorded."""
    return float(Decimal(str(value)))


def json_number(quantity: int | Decimal) -> int | float:
    """Return a quantity for JSON: 2 stays 2, and 12.4 has the digits of its decimal."""
    return quantity if isinstance(quantity, int) else float(quantity)


def discount_properties(facts: Facts | None) -> DiscountProperties | None:
    if facts is None:
        return None
    return DiscountProperties(
        name=facts["name"],
        description=facts["description"] or None,
        value=amount(facts["value"]),
    )


def amount_fact(value: Any, stored: Lookup) -> str | Lookup:
    """Return an amount as its column stores it, rounded to cents.

    The result of a database expression is known only to the database, so it is looked up in
    `stored`.
    """
    if hasattr(value, "resolve_expression"):
        return stored
    return str(Decimal(str(value)).quantize(CENT, ROUND_HALF_UP))
