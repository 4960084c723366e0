"""Drivers' stops at customers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q

from customers.clock_in_use import day_in_words
from customers.errors import ActionRefused, checked_time, refuse_other_business
from customers.models.action import one_action
from customers.models.address import HasAddress
from customers.models.business import Agent, Business, Employee
from customers.models.customer import Customer
from customers.models.line_item import MAX_PIECES, LineItem
from customers.models.order import Order
from customers.models.pickup import PickupRequest
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToCustomer
from customers.models.visit import Visit


class Stop(HasPublicId, HasAddress, BelongsToCustomer):
    """A driver's stop at a customer's address on one day."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        COMPLETED = "completed", "Completed"
        MISSED = "missed", "Missed"

    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="stops")
    driver = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    route = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    scheduled_for = models.DateField()
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    completed_at = models.DateTimeField(null=True, blank=True)
    had_pickup = models.BooleanField(default=False)
    had_delivery = models.BooleanField(default=False)
    total_pickups = models.PositiveIntegerField(default=0)
    total_deliveries = models.PositiveIntegerField(default=0)
    reported = models.CharField(
        "hash of what the driver reported",
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    """Tells a repeated report from a different one. Empty unless the API reported the stop."""

    class Meta:
        indexes = [
            models.Index("business", "scheduled_for", name="stop_by_date"),
            # Stops that are still ahead.
            models.Index(
                "business", "scheduled_for", name="stop_pending", condition=Q(status="pending")
            ),
            models.Index(
                "business", "scheduled_for", name="stop_missed", condition=Q(status="missed")
            ),
        ]

    def __str__(self) -> str:
        return f"Stop on {day_in_words(self, self.scheduled_for)}"

    def save(self, **kwargs: Any) -> None:
        if self._state.adding and self.address is None:
            self.copy_address(self.customer)
        super().save(**kwargs)

    @classmethod
    def schedule(
        cls,
        customer: Customer,
        scheduled_for: date,
        *,
        driver: Employee | None = None,
        route: Agent | None = None,
    ) -> Self:
        """Schedule a stop at the customer's address."""
        refuse_other_business(customer.business_id, driver=driver, route=route)
        if scheduled_for < customer.business.today():
            raise ActionRefused(
                f"{scheduled_for} has passed. Choose today or a later day.",
                "past_date",
                "scheduled_for",
            )
        stop = cls(
            business=customer.business,
            customer=customer,
            scheduled_for=scheduled_for,
            driver=driver,
            route=route,
        )
        stop.save()
        return stop

    @classmethod
    @transaction.atomic
    def create_unplanned(
        cls,
        customer: Customer,
        uuid: UUID,
        *,
        driver: Employee | None = None,
        route: Agent | None = None,
        at: datetime | None = None,
    ) -> Self:
        """Record a stop that was not scheduled, at which the driver was at the time `at`.

        The driver's phone chooses the `uuid`, because it may be offline.
        """
        at = checked_time(at)
        refuse_other_business(customer.business_id, driver=driver, route=route)
        customer.lock("business")
        stop = cls(
            business=customer.business,
            customer=customer,
            scheduled_for=customer.business.today(at),
            driver=driver,
            route=route,
        )
        stop.uuid = uuid
        stop.save()
        return stop

    @transaction.atomic
    @one_action()
    def complete(
        self,
        driver: Employee | None = None,
        *,
        new_orders: Sequence[Order] = (),
        delivered_orders: Sequence[Order] = (),
        bags_delivered: int | None = None,
        at: datetime | None = None,
        reported: str = "",
    ) -> None:
        """Complete the stop, or mark it missed when nothing was picked up or delivered.

        `new_orders` must have been created at this stop; other orders created here count, too.
        `delivered_orders` are returned to the customer; what was returned here before counts, too.
        `bags_delivered` is by default the sum of their bags. `reported` is a hash of the report.
        """
        at = checked_time(at)
        customer = self._begin(driver)
        pickups = self._orders_picked_up(new_orders)
        deliveries = self._orders_delivered(delivered_orders, at)
        bags = self._bags(bags_delivered, delivered_orders)
        self.had_pickup = pickups > 0
        self.had_delivery = self.had_delivery or bool(deliveries or bags)
        if not (self.had_pickup or self.had_delivery):
            self._end(self.Status.MISSED, at, reported)
            return
        for order, items in deliveries:
            order.record_return(items, items, self.driver, at)
        self.total_pickups, self.total_deliveries = pickups, bags
        self._end(self.Status.COMPLETED, at, reported)
        self._complete_pickup_request()
        Visit.record(customer, Visit.Type.DRIVER, at)

    @transaction.atomic
    def miss(
        self, driver: Employee | None = None, *, at: datetime | None = None, reported: str = ""
    ) -> None:
        """Mark the stop missed: the driver was here, with nothing to pick up or deliver."""
        at = checked_time(at)
        self._begin(driver)
        if self.orders.exists():
            raise ActionRefused(
                "Orders were created at this stop, so it was not missed.", "has_orders"
            )
        if self.had_delivery:
            raise ActionRefused(
                "Something was delivered at this stop, so it was not missed.", "has_deliveries"
            )
        self._end(self.Status.MISSED, at, reported)

    def lock_for(self, customer: Customer) -> None:
        """Lock the stop for an action at it. The caller has locked the customer."""
        self.refuse_other_customer(customer, "stop")
        self.lock()
        self.refuse_unless_pending("stop")

    def record_delivery(self, bags: int) -> None:
        """Record that something was returned at this stop, which the caller has locked.

        The event follows when the driver completes the stop.
        """
        self.had_delivery = True
        self.total_deliveries = _checked_bag_count(self.total_deliveries + bags, "stop")
        self.save(update_fields=["had_delivery", "total_deliveries"])

    def refuse_other_customer(self, customer: Customer, argument: str) -> None:
        if self.customer_id != customer.pk:
            raise ActionRefused("This stop is for another customer.", "other_customer", argument)

    def refuse_unless_pending(self, argument: str | None = None) -> None:
        if self.status != self.Status.PENDING:
            raise ActionRefused(
                f"This stop was already {self.status}.", f"{self.status}_already", argument
            )

    def _begin(self, driver: Employee | None) -> Customer:
        refuse_other_business(self.business_id, driver=driver)
        customer = self.lock_with_customer()
        self.refuse_unless_pending()
        if driver is not None:
            self.driver = driver
        return customer

    def _end(self, status: Status, at: datetime, reported: str) -> None:
        self.status, self.completed_at, self.reported = status, at, reported
        self.save(update_fields=[*STOP_OUTCOME_FIELDS])

    def _orders_picked_up(self, new_orders: Sequence[Order]) -> int:
        created_here = set(self.orders.values_list("pk", flat=True))
        for order in new_orders:
            if order.pk not in created_here:
                raise ActionRefused(
                    f"Order {order.number} was not created at this stop.",
                    "not_of_stop",
                    "new_orders",
                )
        return len(created_here)

    def _orders_delivered(
        self, orders: Sequence[Order], at: datetime
    ) -> list[tuple[Order, list[LineItem]]]:
        """Lock the orders. Returns each with the items to return, before any order is changed."""
        for order in orders:
            if order.customer_id != self.customer_id:
                raise ActionRefused(
                    f"Order {order.number} belongs to another customer.",
                    "other_customer",
                    "delivered_orders",
                )
        if len({order.pk for order in orders}) < len(orders):
            raise ActionRefused(
                "An order is listed twice. List each order once.",
                "listed_twice",
                "delivered_orders",
            )
        deliveries = []
        for order in sorted(orders, key=lambda order: order.pk):
            order.lock()
            deliveries.append((order, order.returnable_items(at)))
        return deliveries

    def _bags(self, bags_delivered: int | None, orders: Sequence[Order]) -> int:
        if bags_delivered is None:
            bags_delivered = self.total_deliveries + sum(order.bags for order in orders)
        if bags_delivered < 0:
            raise ActionRefused(
                "The number of bags cannot be negative.", "invalid", "bags_delivered"
            )
        return _checked_bag_count(bags_delivered, "bags_delivered")

    def _complete_pickup_request(self) -> None:
        scheduled = PickupRequest.objects.filter(
            customer=self.customer_id,
            pickup_date=self.scheduled_for,
            status=PickupRequest.Status.SCHEDULED,
        )
        for pickup in scheduled:
            pickup.complete()


STOP_OUTCOME_FIELDS = (
    "status",
    "completed_at",
    "driver",
    "had_pickup",
    "had_delivery",
    "total_pickups",
    "total_deliveries",
    "reported",
)


def _checked_bag_count(bags: int, argument: str) -> int:
    if bags > MAX_PIECES:
        raise ActionRefused(
            f"The number of bags must be at most {MAX_PIECES:,}.", "invalid", argument
        )
    return bags
