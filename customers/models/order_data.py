"""The data of an order that callers pass, and its validation."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict

from customers.errors import ActionRefused, refuse_unstorable, refused_if_taken
from customers.models.business import Agent, Discount, Employee
from customers.models.line_item import NewLineItem

if TYPE_CHECKING:
    from customers.models.stop import Stop

MAX_TAX_RATE = 99
"""Percent. No sales tax comes near it; the column holds two digits before the point."""
ORDER_NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I and O, which people confuse when they read a number aloud."""
ORDER_NUMBER_LENGTH = 8
"""32 ** 8 numbers: in a business with a million orders, a new number is taken with odds of one in a
million."""


def random_number() -> str:
    return "".join(secrets.choice(ORDER_NUMBER_ALPHABET) for _ in range(ORDER_NUMBER_LENGTH))


class OrderIntake(TypedDict, total=False):
    """The data of a new order.

    `tax_rate` is in percent. `number` is the number on the customer's receipt, and `external_id`
    the id in the point of sale; both may be empty. `at` is when the order was created, if a phone
    reports it late.
    """

    items: Sequence[NewLineItem]
    agent: Agent | None
    sold_by: Employee | None
    discount: Discount | None
    tax_rate: Decimal
    stop: "Stop | None"
    bags: int
    number: str
    external_id: str
    at: datetime | None


class OrderChange(TypedDict, total=False):
    """The fields of an order that may be corrected."""

    agent: Agent | None
    sold_by: Employee | None
    discount: Discount | None
    tax_rate: Decimal
    bags: int
    external_id: str


def validate_details(tax_rate: Decimal, bags: int, **texts: str) -> None:
    if not (tax_rate.is_finite() and 0 <= tax_rate <= MAX_TAX_RATE):
        raise ActionRefused(
            f"The tax rate must be a percentage from 0 to {MAX_TAX_RATE}.", "invalid", "tax_rate"
        )
    if bags < 0:
        raise ActionRefused("The number of bags cannot be negative.", "invalid", "bags")
    refuse_unstorable(**texts)


@contextmanager
def refused_if_number_taken(number: str) -> Iterator[None]:
    """Raise ActionRefused when a save in the block gives an order a number that is taken."""
    if not number:
        yield
        return
    taken = ActionRefused(
        f"Order number {number} is taken. Give another number.", "number_taken", "number"
    )
    with refused_if_taken("order_number_unique", taken):
        yield
