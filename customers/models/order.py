import secrets
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self, TypedDict, Unpack, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property

from customers.errors import (
    ActionRefused,
    HasTenant,
    checked_time,
    refuse_other_business,
    refuse_time_before,
    refused_if_taken,
)
from customers.models.business import Agent, Business, Discount, Employee
from customers.models.customer import Customer
from customers.models.line_item import MAX_MONEY, LineItem, LineItemChange, NewLineItem
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToCustomer, lockable
from customers.models.visit import Visit
from customers.money import totals

if TYPE_CHECKING:
    from customers.models.stop import Stop

MAX_TAX_RATE = 99
ORDER_NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, 1, I or O, which people confuse when they read a number to each other."""
ORDER_NUMBER_LENGTH = 8
"""32 ** 8 numbers: the odds that a new order of a business with a million orders meets a taken number are one in a million."""


class OrderIntake(TypedDict, total=False):
    """What there is to say about an order. `tax_rate` in percent; `number` is the POS's own, if it gives one; `at` for what a phone
    reports late."""

    items: Sequence[NewLineItem]
    agent: Agent | None
    sold_by: Employee | None
    discount: Discount | None
    tax_rate: Decimal
    stop: "Stop | None"
    bags: int
    number: str
    at: datetime | None


class OrderChange(TypedDict, total=False):
    agent: Agent | None
    sold_by: Employee | None
    discount: Discount | None
    tax_rate: Decimal
    bags: int


def random_number() -> str:
    return "".join(secrets.choice(ORDER_NUMBER_ALPHABET) for _ in range(ORDER_NUMBER_LENGTH))


class Order(HasPublicId, BelongsToCustomer):
    class Status(models.TextChoices):
        OPEN = "open", "Open"
        READY = "ready", "Ready"
        RETURNED = "returned", "Returned"

    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    number = models.CharField(max_length=40, default=random_number)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    sold_by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    returned_by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    discount = models.ForeignKey(
        Discount, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    stop = models.ForeignKey(
        "customers.Stop", on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    subtotal = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    discount_total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    tax = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    tax_rate = models.DecimalField(
        "sales tax in percent",
        max_digits=6,
        decimal_places=4,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(MAX_TAX_RATE)],
    )
    bags = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="order_number_unique"),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0)),
        ]
        indexes = [
            models.Index("customer", "created_at", name="order_by_customer"),
            # What each customer spent of late.
            models.Index("business", "created_at", name="order_by_business"),
            # What is still here, which tills ask for all day: few rows, however many went back.
            models.Index(
                "business", "created_at", name="order_still_here", condition=~Q(status="returned")
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    @transaction.atomic
    def create(cls, customer: Customer, **intake: Unpack[OrderIntake]) -> Self:
        """Take in a customer's things: at a driver's `stop`, else in a store, which is a visit."""
        customer.lock("business")
        return cls.create_for_locked(customer, **intake)

    @classmethod
    def create_for_locked(  # noqa: PLR0913 - what there is to say about an order
        cls,
        customer: Customer,
        *,
        items: Sequence[NewLineItem] = (),
        agent: Agent | None = None,
        sold_by: Employee | None = None,
        discount: Discount | None = None,
        tax_rate: Decimal = Decimal(0),
        stop: "Stop | None" = None,
        bags: int = 1,
        number: str = "",
        at: datetime | None = None,
    ) -> Self:
        """As `create`, in a transaction that has read and locked the customer, with the business at hand."""
        at = checked_time(at)
        refuse_other_business(
            customer.business_id, agent=agent, sold_by=sold_by, discount=discount, stop=stop
        )
        _validate_amounts(tax_rate, bags)
        if stop is not None:
            stop.lock_for(customer)
        order = cls(
            business=customer.business,
            customer=customer,
            agent=agent,
            sold_by=sold_by,
            discount=discount,
            stop=stop,
        )
        order.tax_rate, order.bags, order.created_at = tax_rate, bags, at
        order._insert(number, order._lines(items))
        if stop is None:
            Visit.record(customer, Visit.Type.STORE, at)
        return order

    @transaction.atomic
    def mark_ready(self, at: datetime | None = None) -> None:
        """Everything is done: the order waits to be picked up or delivered."""
        at = checked_time(at)
        self.lock()
        self._refuse_unless_open()
        refuse_time_before(at, self.created_at, "order was created")
        self.status, self.ready_at = self.Status.READY, at
        self.save(update_fields=["status", "ready_at"])

    @transaction.atomic
    def return_to_customer(
        self,
        *,
        by: Employee | None,
        items: Iterable[LineItem] | None = None,
        stop: "Stop | None" = None,
        at: datetime | None = None,
    ) -> None:
        """Give back all that is still here, or only some `items`; at a counter, which is a visit, or at a driver's `stop`.

        The order counts as returned when its last item is. Also possible before it is ready: people change their minds.
        """
        at = checked_time(at)
        refuse_other_business(self.business_id, by=by, stop=stop)
        customer = self.lock_with_customer(stop)
        present = self.returnable_items(at)
        self.record_return(
            present if items is None else self._select_items(items, present), present, by, at
        )
        if stop is None:
            Visit.record(customer, Visit.Type.STORE, at)
        else:
            stop.record_delivery(self.bags if self.status == self.Status.RETURNED else 0)

    @transaction.atomic
    def add_items(self, items: Sequence[NewLineItem]) -> list[LineItem]:
        self.lock("business", "discount")
        self._refuse_unless_open()
        lines = self._lines(items)
        self._save_totals([*self._locked_items(), *lines])
        self._add(lines)
        return lines

    @transaction.atomic
    def remove_items(self, items: Iterable[LineItem]) -> None:
        self.lock("business", "discount")
        self._refuse_unless_open()
        lines = self._locked_items()
        removed = self._select_items(items, [line for line in lines if line.returned_at is None])
        self._save_totals([line for line in lines if line not in removed])
        for line in removed:
            line.delete()

    @transaction.atomic
    def change_item(self, item: LineItem, **changes: Unpack[LineItemChange]) -> None:
        """Correct what was written down of one `item`; what is left out stays."""
        self.lock("business", "discount")
        self._refuse_unless_open()
        lines = self._locked_items()
        (line,) = self._select_items([item], [line for line in lines if line.returned_at is None])
        line.correct(changes, self.business)
        self._save_totals(lines)
        line.save(update_fields=[*changes])

    @transaction.atomic
    def change(self, **changes: Unpack[OrderChange]) -> None:
        """Correct what was written down of the order; what is left out stays."""
        records = {name: changes.get(name) for name in ("agent", "sold_by", "discount")}
        refuse_other_business(self.business_id, **cast("dict[str, HasTenant | None]", records))
        self.lock("business", "discount")
        self._refuse_unless_open()
        for name, value in changes.items():
            setattr(self, name, value)
        _validate_amounts(self.tax_rate, self.bags)
        if changes.keys() & {"discount", "tax_rate"}:
            self._save_totals(self._locked_items(), *changes)
        elif changes:
            # a discount may have been edited since; only who changes it here means the order's total
            self.save(update_fields=[*changes])

    def returnable_items(self, at: datetime) -> list[LineItem]:
        """The items still here, locked, as this order is; refused when there is nothing to return."""
        if self.status == self.Status.RETURNED:
            raise ActionRefused(f"Order {self.number} was returned already.", "returned_already")
        refuse_time_before(at, self.created_at, "order was created")
        return [item for item in self._locked_items() if item.returned_at is None]

    def record_return(
        self, items: list[LineItem], present: list[LineItem], by: Employee | None, at: datetime
    ) -> None:
        """Record the return of `items`, some or all of those `present`; the order's own comes first when it is complete."""
        if len(items) == len(present):
            self.status, self.returned_by, self.returned_at = self.Status.RETURNED, by, at
            self.save(update_fields=["status", "returned_by", "returned_at"])
        for item in items:
            item.returned_at = at
            item.save(update_fields=["returned_at"])

    @cached_property
    def lines(self) -> list[LineItem]:
        """Its items as they were added, as of when they were first looked at."""
        return list(self.items.all())

    def _insert(self, number: str, lines: list[LineItem]) -> None:
        self._compute(lines)
        self.number = number or self.number
        taken = ActionRefused(f"There is an order {number} already.", "number_taken", "number")
        with refused_if_taken("order_number_unique", taken) if number else nullcontext():
            self.save()
        self._add(lines)
        self.lines = lines

    def _locked_items(self) -> list[LineItem]:
        items = list(lockable(LineItem).filter(order=self).order_by("pk"))
        for item in items:
            item.order = self
        return items

    def _select_items(self, items: Iterable[LineItem], present: list[LineItem]) -> list[LineItem]:
        wanted = {item.pk for item in items}
        found = [item for item in present if item.pk in wanted]
        if not wanted or len(found) < len(wanted):
            raise ActionRefused(
                f"Not all of these items are still in order {self.number}.", "not_in_order", "items"
            )
        return found

    def _lines(self, items: Iterable[NewLineItem]) -> list[LineItem]:
        for item in items:
            item.validate(self.business_id)
        return [LineItem.from_new(item, self.business.currency) for item in items]

    def _add(self, lines: list[LineItem]) -> None:
        """In one statement, however many; receivers hear of each as if it had been saved by itself."""
        for line in lines:
            line.order = self
        using = router.db_for_write(LineItem, instance=self)
        for line in LineItem.objects.using(using).bulk_create(lines):
            line.send_created(using)

    def _save_totals(self, lines: list[LineItem], *also: str) -> None:
        self.__dict__.pop("lines", None)
        self._compute(lines)
        self.save(update_fields=["subtotal", "discount_total", "tax", "total", *also])

    def _compute(self, lines: list[LineItem]) -> None:
        deduction = self.discount.deduction if self.discount else None
        sums = totals(
            [line.amount for line in lines], deduction, self.tax_rate, self.business.currency
        )
        if max(sums) >= MAX_MONEY:
            raise ActionRefused("An order must total less than 10 billion.", "invalid", "items")
        self.subtotal, self.discount_total, self.tax, self.total = sums

    def _refuse_unless_open(self) -> None:
        if self.status != self.Status.OPEN:
            raise ActionRefused(
                f"Order {self.number} is {self.status} already.", f"{self.status}_already"
            )


def _validate_amounts(tax_rate: Decimal, bags: int) -> None:
    if not (tax_rate.is_finite() and 0 <= tax_rate <= MAX_TAX_RATE):
        raise ActionRefused(
            f"The tax rate is a percentage from 0 to {MAX_TAX_RATE}.", "invalid", "tax_rate"
        )
    if bags < 0:
        raise ActionRefused("The number of bags cannot be negative.", "invalid", "bags")
