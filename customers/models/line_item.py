"""Line items of orders."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TypedDict

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from customers.composed import ComposedCharField
from customers.errors import ActionRefused, refuse_other_business, refuse_unstorable
from customers.models.business import Business, Department
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToBusiness
from customers.money import round_to_coin
from customers.numbers import shortest

MAX_MONEY = Decimal(10) ** 10
"""The limit of the columns for amounts: ten digits and two decimals."""
MAX_DESCRIPTION_LENGTH = 500
MAX_PIECES = 2**31 - 1
"""The largest integer of PostgreSQL."""
SMALLEST_QUANTITY = Decimal("0.001")
"""Scales for goods show grams, or thousandths of a pound."""
MAX_UNIT_LENGTH = 20
"""Enough for lb, kg, sq ft or running meter."""
QUANTITY_COLUMNS = {"quantity": ("pieces", "exact_quantity")}
"""The columns of what a change of a line item names otherwise."""


@dataclass(frozen=True, slots=True)
class NewLineItem:
    """A line of a new order: how much of something, and the price of one.

    A quantity has up to three decimals, and perhaps a `unit` such as lb. Without a unit, it counts
    pieces.
    """

    description: str
    price: Decimal
    quantity: int | Decimal = 1
    department: Department | None = None
    unit: str = ""

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price

    def validate(self, business_id: int) -> None:
        validate_quantity(self.quantity)
        if len(self.unit) > MAX_UNIT_LENGTH:
            raise ActionRefused(
                f"The unit must have at most {MAX_UNIT_LENGTH} characters, such as lb.",
                "invalid",
                "unit",
            )
        # is_finite() refuses NaN, too.
        if not (self.price.is_finite() and 0 <= self.price < MAX_MONEY):
            raise ActionRefused(
                "The price must be at least 0 and less than 10 billion.", "invalid", "price"
            )
        if len(self.description) > MAX_DESCRIPTION_LENGTH:
            raise ActionRefused(
                f"The description must have at most {MAX_DESCRIPTION_LENGTH} characters.",
                "invalid",
                "description",
            )
        refuse_unstorable(description=self.description, unit=self.unit)
        refuse_other_business(business_id, department=self.department)


def validate_quantity(quantity: int | Decimal) -> None:
    # A NaN cannot be compared.
    if not (Decimal(quantity).is_finite() and SMALLEST_QUANTITY <= quantity <= MAX_PIECES):
        raise ActionRefused(
            f"The quantity must be from {SMALLEST_QUANTITY} to {MAX_PIECES:,}.",
            "invalid",
            "quantity",
        )
    if quantity % SMALLEST_QUANTITY:
        raise ActionRefused(
            "The quantity may have at most 3 decimals. Round it.", "invalid", "quantity"
        )


class LineItemChange(TypedDict, total=False):
    description: str
    price: Decimal
    quantity: int | Decimal
    department: Department | None
    unit: str


def columns_of(changes: LineItemChange) -> list[str]:
    """Return the columns of a line item that the changes concern."""
    return [column for name in changes for column in QUANTITY_COLUMNS.get(name, (name,))]


class LineItem(HasPublicId, BelongsToBusiness):
    order = models.ForeignKey("customers.Order", on_delete=models.CASCADE, related_name="items")
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    description = ComposedCharField(max_length=MAX_DESCRIPTION_LENGTH)
    pieces = models.PositiveIntegerField(
        "quantity", db_column="quantity", default=1, validators=[MinValueValidator(1)]
    )
    """The quantity, rounded to at least 1 where it is not whole."""
    exact_quantity = models.DecimalField(
        max_digits=13, decimal_places=3, null=True, blank=True, editable=False
    )
    """Null where the quantity is whole. A column of its own, because changing the type of the old
    one would rewrite a large table, and programs of the version before read whole numbers."""
    unit = ComposedCharField(max_length=MAX_UNIT_LENGTH, blank=True, default="", db_default="")
    price = models.DecimalField(
        "price each", max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="lineitem_sense", condition=Q(pieces__gte=1, price__gte=0)),
            models.CheckConstraint(
                name="lineitem_exact_quantity", condition=Q(exact_quantity__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @classmethod
    def from_new(cls, item: NewLineItem, currency: str) -> "LineItem":
        """Return an unsaved line item, its price rounded to the currency's smallest coin."""
        line = cls(
            description=item.description,
            price=round_to_coin(item.price, currency),
            department=item.department,
            unit=item.unit,
        )
        line.quantity = item.quantity
        return line

    @property
    def quantity(self) -> int | Decimal:
        """How much it is: whole where it can be, such as 2 or 12.4."""
        return self.pieces if self.exact_quantity is None else shortest(self.exact_quantity)

    @quantity.setter
    def quantity(self, quantity: int | Decimal) -> None:
        is_whole = quantity == int(quantity)
        self.exact_quantity = None if is_whole else Decimal(quantity)
        self.pieces = max(1, int(Decimal(quantity).quantize(Decimal(1), ROUND_HALF_UP)))

    @property
    def quantity_with_unit(self) -> str:
        return f"{self.quantity} {self.unit}".rstrip()

    def correct(self, changes: LineItemChange, business: Business) -> None:
        """Apply the changes without saving, by the rules for new items."""
        present = NewLineItem(
            self.description, self.price, self.quantity, self.department, self.unit
        )
        replace(present, **changes).validate(business.pk)
        for name, value in changes.items():
            setattr(self, name, value)
        self.price = round_to_coin(self.price, business.currency)

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price

    def charged(self, currency: str) -> Decimal:
        """Return the amount in whole coins: 12.4 lb at 1.99 are 24.676."""
        is_whole = self.exact_quantity is None
        return self.amount if is_whole else round_to_coin(self.amount, currency)

    def tenant_id(self) -> int | None:
        return self.order.business_id
