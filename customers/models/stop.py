from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q

from customers.errors import ActionRefused, checked_time, refuse_other_business
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
    """A driver's stop at a customer's door on one day."""

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
    """By which a repetition is told from another report; empty when nothing was, or not by the API."""

    class Meta:
        indexes = [
            models.Index("business", "scheduled_for", name="stop_by_date"),
            # Where vans have yet to go.
            models.Index(
                "business", "scheduled_for", name="stop_pending", condition=Q(status="pending")
            ),
        ]

    def __str__(self) -> str:
        return f"Stop on {self.scheduled_for}"

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
        """Put the customer's door on a day's route."""
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
        """A door that was on no list, where the driver was at the time `at`. The phone, which was offline, made up the `uuid`."""
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
        """The driver is done here. With nothing picked up and nothing delivered, the stop was missed.

        `new_orders` were created at this stop; others that were count as well. Delivered orders are returned to the customer; what was
        given back here before counts as well. `bags_delivered` is by default what the bags of all these add up to. `reported` is a hash.
        """
        at = checked_time(at)
        customer = self._begin(driver)
        pickups = self._orders_picked_up(new_orders)
        deliveries = self._orders_delivered(delivered_orders, at)
        bags = self._bags(bags_delivered, delivered_orders)
        self.had_pickup, self.had_delivery = (
            pickups > 0,
            self.had_delivery or bool(deliveries or bags),
        )
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
        """The driver was here, and there was nothing to pick up or deliver."""
        at = checked_time(at)
        self._begin(driver)
        if self.orders.exists():
            raise ActionRefused(
                "Orders were created at this stop, so it was not missed.", "has_orders"
            )
        if self.had_delivery:
            raise ActionRefused(
                "Something was given back at this stop, so it was not missed.", "has_deliveries"
            )
        self._end(self.Status.MISSED, at, reported)

    def lock_for(self, customer: Customer) -> None:
        """Lock the stop for something that happens at it to the `customer` (locked)."""
        self.refuse_other_customer(customer, "stop")
        self.lock()
        self.refuse_unless_pending("stop")

    def record_delivery(self, bags: int) -> None:
        """Something was given back at this stop (joined). It becomes an event when the driver is done here."""
        self.had_delivery, self.total_deliveries = (
            True,
            _checked_bag_count(self.total_deliveries + bags, "stop"),
        )
        self.save(update_fields=["had_delivery", "total_deliveries"])

    def refuse_other_customer(self, customer: Customer, argument: str) -> None:
        if self.customer_id != customer.pk:
            raise ActionRefused("This stop is at another customer's.", "other_customer", argument)

    def refuse_unless_pending(self, argument: str | None = None) -> None:
        if self.status != self.Status.PENDING:
            raise ActionRefused(
                f"This stop was {self.status} already.", f"{self.status}_already", argument
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
        """Each order, locked, with the items to give back; all are looked at before any is changed."""
        for order in orders:
            if order.customer_id != self.customer_id:
                raise ActionRefused(
                    f"Order {order.number} is another customer's.",
                    "other_customer",
                    "delivered_orders",
                )
        if len({order.pk for order in orders}) < len(orders):
            raise ActionRefused("An order is listed twice.", "listed_twice", "delivered_orders")
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
        raise ActionRefused("These are more bags than can be counted.", "invalid", argument)
    return bags
