"""Orders, from intake to return."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self, Unpack, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property

from customers.composed import ComposedCharField
from customers.errors import (
    CLOCK_SKEW,
    ActionRefused,
    HasTenant,
    checked_time,
    not_before,
    refuse_other_business,
)
from customers.folding import folded_start
from customers.models.action import one_action
from customers.models.business import Agent, Business, Discount, Employee
from customers.models.customer import Customer
from customers.models.external_id import HasExternalId, unique_external_id
from customers.models.line_item import LineItem, LineItemChange, NewLineItem, columns_of
from customers.models.order_data import (
    MAX_TAX_RATE,
    OrderChange,
    OrderIntake,
    random_number,
    refused_if_number_taken,
    validate_details,
)
from customers.models.order_items import (
    insert_lines,
    locked_items,
    new_lines,
    order_totals,
    select_items,
    still_here,
)
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToCustomer
from customers.models.visit import Visit

if TYPE_CHECKING:
    from customers.models.stop import Stop


class Order(HasPublicId, HasExternalId, BelongsToCustomer):
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
    number = ComposedCharField(max_length=40, default=random_number)
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
            unique_external_id("order"),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0)),
        ]
        indexes = [
            models.Index("customer", "created_at", name="order_by_customer"),
            models.Index("business", folded_start("number"), name="order_found_by_number"),
            # The demographic: what each customer spent in a period.
            models.Index("business", "created_at", name="order_by_business"),
            # Orders not returned yet, which tills list all day: few rows of many.
            models.Index(
                "business", "created_at", name="order_still_here", condition=~Q(status="returned")
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    @transaction.atomic
    def create(cls, customer: Customer, **intake: Unpack[OrderIntake]) -> Self:
        """Create an order, at a driver's `stop` or else in a store, which counts as a visit."""
        customer.lock("business")
        return cls.create_for_locked(customer, **intake)

    @classmethod
    @one_action()
    def create_for_locked(  # noqa: PLR0913 - the fields of OrderIntake
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
        external_id: str = "",
        at: datetime | None = None,
    ) -> Self:
        """Create an order in a transaction that has locked the customer, with the business loaded.

        The fields are those of OrderIntake.
        """
        at = checked_time(at)
        refuse_other_business(
            customer.business_id, agent=agent, sold_by=sold_by, discount=discount, stop=stop
        )
        validate_details(tax_rate, bags, number=number, external_id=external_id)
        if stop is not None:
            stop.lock_for(customer)
        order = cls(business=customer.business, customer=customer, agent=agent, sold_by=sold_by)
        order.discount, order.stop, order.tax_rate = discount, stop, tax_rate
        order.bags, order.external_id, order.created_at = bags, external_id, at
        order._insert(number, new_lines(order, items))
        if stop is None:
            Visit.record(customer, Visit.Type.STORE, at)
        return order

    @transaction.atomic
    def mark_ready(self, at: datetime | None = None) -> None:
        """Mark the order ready to be picked up or delivered."""
        at = checked_time(at)
        self._lock_open()
        at = not_before(at, self.created_at, "order was created")
        self.status, self.ready_at = self.Status.READY, at
        self.save(update_fields=["status", "ready_at"])

    @transaction.atomic
    @one_action()
    def return_to_customer(
        self,
        *,
        by: Employee | None,
        items: Iterable[LineItem] | None = None,
        stop: "Stop | None" = None,
        at: datetime | None = None,
    ) -> None:
        """Return all items that are still here, or only some `items`, to the customer.

        Without a driver's `stop` this happens at a counter and counts as a visit. The order is
        returned with its last item. An order that is not ready may be returned, too: customers
        change their minds.
        """
        at = checked_time(at)
        refuse_other_business(self.business_id, by=by, stop=stop)
        customer = self.lock_with_customer(stop)
        present = self.returnable_items(at)
        at = self._return_time(at)
        returned = present if items is None else select_items(self, items, present)
        self.record_return(returned, present, by, at)
        if stop is None:
            Visit.record(customer, Visit.Type.STORE, at)
        else:
            stop.record_delivery(self.bags if self.status == self.Status.RETURNED else 0)

    @transaction.atomic
    def add_items(self, items: Sequence[NewLineItem]) -> list[LineItem]:
        self._lock_open("business", "discount")
        lines = new_lines(self, items)
        self._save_totals([*locked_items(self), *lines])
        insert_lines(self, lines)
        return lines

    @transaction.atomic
    def remove_items(self, items: Iterable[LineItem]) -> None:
        self._lock_open("business", "discount")
        lines = locked_items(self)
        removed = select_items(self, items, still_here(lines))
        self._save_totals([line for line in lines if line not in removed])
        for line in removed:
            line.delete()

    @transaction.atomic
    def change_item(self, item: LineItem, **changes: Unpack[LineItemChange]) -> None:
        """Correct one `item`. Fields that are left out stay as they are."""
        self._lock_open("business", "discount")
        lines = locked_items(self)
        (line,) = select_items(self, [item], still_here(lines))
        line.correct(changes, self.business)
        self._save_totals(lines)
        line.save(update_fields=columns_of(changes))

    @transaction.atomic
    def change(self, **changes: Unpack[OrderChange]) -> None:
        """Correct the order. Fields that are left out stay as they are."""
        records = {name: changes.get(name) for name in ("agent", "sold_by", "discount")}
        refuse_other_business(self.business_id, **cast("dict[str, HasTenant | None]", records))
        self._lock_open("business", "discount")
        for name, value in changes.items():
            setattr(self, name, value)
        validate_details(self.tax_rate, self.bags, external_id=self.external_id)
        with self.refused_if_external_id_taken():
            if changes.keys() & {"discount", "tax_rate"}:
                self._save_totals(locked_items(self), *changes)
            elif changes:
                # The totals stay: an edited discount must not change an order that has it already.
                self.save(update_fields=[*changes])

    def returnable_items(self, at: datetime) -> list[LineItem]:
        """Lock and return the items that are still here. This order is locked already.

        Raises ActionRefused when the order was returned.
        """
        if self.status == self.Status.RETURNED:
            raise ActionRefused(f"Order {self.number} was already returned.", "returned_already")
        self._return_time(at)
        return still_here(locked_items(self))

    def record_return(
        self, items: list[LineItem], present: list[LineItem], by: Employee | None, at: datetime
    ) -> None:
        """Record the return of `items`, which are some or all of those `present`.

        A complete return saves the order before the items, so Order Returned comes first.
        """
        at = self._return_time(at)
        if len(items) == len(present):
            self.status, self.returned_by, self.returned_at = self.Status.RETURNED, by, at
            self.save(update_fields=["status", "returned_by", "returned_at"])
        for item in items:
            item.returned_at = at
            item.save(update_fields=["returned_at"])

    def _return_time(self, at: datetime) -> datetime:
        """Return `at`, or the time of an earlier step that another clock put shortly after it."""
        at = not_before(at, self.created_at, "order was created")
        if self.ready_at is None or self.ready_at - at > CLOCK_SKEW:
            return at  # The order was marked ready late, after the customer had it.
        return max(at, self.ready_at)

    @cached_property
    def lines(self) -> list[LineItem]:
        """The items in the order of their ids, cached at the first access."""
        return list(self.items.all())

    def _insert(self, number: str, lines: list[LineItem]) -> None:
        self._set_totals(lines)
        self.number = number or self.number
        with self.refused_if_external_id_taken(), refused_if_number_taken(number):
            self.save()
        insert_lines(self, lines)
        self.lines = lines

    def _save_totals(self, lines: list[LineItem], *fields: str) -> None:
        self.__dict__.pop("lines", None)
        self._set_totals(lines)
        self.save(update_fields=["subtotal", "discount_total", "tax", "total", *fields])

    def _set_totals(self, lines: list[LineItem]) -> None:
        self.subtotal, self.discount_total, self.tax, self.total = order_totals(self, lines)

    def _lock_open(self, *related: str) -> None:
        """Lock this order. Raises ActionRefused unless it is open."""
        self.lock(*related)
        if self.status != self.Status.OPEN:
            raise ActionRefused(
                f"Order {self.number} is already {self.status}.", f"{self.status}_already"
            )
