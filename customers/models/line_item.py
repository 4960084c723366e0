"""Line items of orders."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from customers.errors import ActionRefused, refuse_other_business, refuse_unstorable
from customers.models.business import Business, Department
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToBusiness
from customers.money import round_to_coin

MAX_MONEY = Decimal(10) ** 10
"""The limit of the columns for amounts: ten digits and two decimals."""
MAX_DESCRIPTION_LENGTH = 500
MAX_PIECES = 2**31 - 1
"""The largest integer of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class NewLineItem:
    """A line of a new order: a number of pieces, and the price of one."""

    description: str
    price: Decimal
    quantity: int = 1
    department: Department | None = None

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price

    def validate(self, business_id: int) -> None:
        if not 1 <= self.quantity <= MAX_PIECES:
            raise ActionRefused(
                f"The quantity must be from 1 to {MAX_PIECES:,}.", "invalid", "quantity"
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
        refuse_unstorable(description=self.description)
        refuse_other_business(business_id, department=self.department)


class LineItemChange(TypedDict, total=False):
    description: str
    price: Decimal
    quantity: int
    department: Department | None


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
    description = models.CharField(max_length=MAX_DESCRIPTION_LENGTH)
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    price = models.DecimalField(
        "price each", max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="lineitem_sense", condition=Q(quantity__gte=1, price__gte=0)
            )
        ]

    def __str__(self) -> str:
        return self.description

    @classmethod
    def from_new(cls, item: NewLineItem, currency: str) -> "LineItem":
        """Return an unsaved line item, its price rounded to the currency's smallest coin."""
        return cls(
            description=item.description,
            quantity=item.quantity,
            price=round_to_coin(item.price, currency),
            department=item.department,
        )

    def correct(self, changes: LineItemChange, business: Business) -> None:
        """Apply the changes without saving, by the rules for new items."""
        present = NewLineItem(self.description, self.price, self.quantity, self.department)
        replace(present, **changes).validate(business.pk)
        for name, value in changes.items():
            setattr(self, name, value)
        self.price = round_to_coin(self.price, business.currency)

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price

    def tenant_id(self) -> int | None:
        return self.order.business_id
