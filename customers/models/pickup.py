"""Pickup requests for one day, and requests to join a regular route."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from customers.clock_in_use import day_in_words
from customers.errors import ActionRefused, checked_time, refuse_other_business, refused_if_taken
from customers.models.address import AddressDict, HasAddress
from customers.models.business import Business, Employee
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToCustomer

if TYPE_CHECKING:
    from customers.models.customer import Customer

ADDRESS_MISSING: Final = "The customer has no address yet. First give the street and the city."


class PickupRequest(HasPublicId, BelongsToCustomer):
    """A pickup on one day. A customer has at most one scheduled pickup a day."""

    class ScheduledBy(models.TextChoices):
        EMPLOYEE = "Employee", "Employee"
        CUSTOMER = "Customer", "Customer"

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        CANCELED = "canceled", "Canceled"
        COMPLETED = "completed", "Completed"

    class CanceledVia(models.TextChoices):
        WEBSITE = "Website", "Website"
        TEXT = "Text", "Text"
        EMPLOYEE = "Employee", "Employee"

    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="pickup_requests"
    )
    pickup_date = models.DateField()
    scheduled_by = models.CharField(max_length=8, choices=ScheduledBy)
    employee = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.SCHEDULED)
    canceled_via = models.CharField(max_length=8, choices=CanceledVia, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    canceled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "pickup_date"],
                condition=Q(status="scheduled"),
                name="pickup_scheduled_once_a_day",
            )
        ]
        indexes = [
            models.Index("business", "pickup_date", name="pickup_by_date"),
            models.Index(
                "business",
                "status",
                "pickup_date",
                name="pickup_not_completed",
                condition=~Q(status="completed"),
            ),
        ]

    def __str__(self) -> str:
        return f"Pickup on {day_in_words(self, self.pickup_date)}"

    @classmethod
    @transaction.atomic
    def schedule(
        cls,
        customer: "Customer",
        pickup_date: date,
        *,
        by: str = ScheduledBy.EMPLOYEE,
        employee: Employee | None = None,
    ) -> Self:
        """Schedule a pickup that an employee entered, or the customer requested on the website."""
        if by not in cls.ScheduledBy.values:
            raise ActionRefused("Scheduled by must be Employee or Customer.", "invalid", "by")
        refuse_other_business(customer.business_id, employee=employee)
        if by == cls.ScheduledBy.CUSTOMER and not customer.can_be_driven_to:
            raise ActionRefused(ADDRESS_MISSING, "address_missing")
        if pickup_date < customer.business.today():
            raise ActionRefused(
                f"{pickup_date} has passed. Choose today or a later day.",
                "past_date",
                "pickup_date",
            )
        pickup = cls(
            business=customer.business,
            customer=customer,
            pickup_date=pickup_date,
            scheduled_by=by,
            employee=employee,
        )
        taken = ActionRefused(
            f"There is already a pickup on {pickup_date}. Choose another day.",
            "scheduled_already",
            "pickup_date",
        )
        with refused_if_taken("pickup_scheduled_once_a_day", taken):
            pickup.save()
        return pickup

    @transaction.atomic
    def cancel(self, *, via: str, at: datetime | None = None) -> None:
        """Cancel for the customer (on the website, or "No" to a text) or for an employee."""
        if via not in self.CanceledVia.values:
            raise ActionRefused("Canceled via must be Website, Text or Employee.", "invalid", "via")
        at = checked_time(at)
        customer = self.lock_with_customer()
        self._refuse_unless_scheduled()
        if via != self.CanceledVia.EMPLOYEE and self.pickup_date < customer.business.today(at):
            raise ActionRefused(
                f"The day of this pickup, {self.pickup_date}, has passed.", "past_date"
            )
        self.status, self.canceled_via, self.canceled_at = self.Status.CANCELED, via, at
        self.save(update_fields=["status", "canceled_via", "canceled_at"])
        if via == self.CanceledVia.TEXT:
            customer.record_text_reply(at)

    @transaction.atomic
    def complete(self) -> None:
        self.lock()
        self._refuse_unless_scheduled()
        self.status = self.Status.COMPLETED
        self.save(update_fields=["status"])

    def _refuse_unless_scheduled(self) -> None:
        if self.status != self.Status.SCHEDULED:
            raise ActionRefused(f"This pickup was already {self.status}.", f"{self.status}_already")


class RegularPickupRequest(HasPublicId, HasAddress, BelongsToCustomer):
    """A customer's request to join a regular route, for the business to approve or decline."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="regular_pickup_requests"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    requested_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(status="pending"),
                name="regular_request_pending_once",
            )
        ]
        indexes = [
            models.Index("business", "requested_at", name="regular_request_by_time"),
            models.Index(
                "business",
                "status",
                "requested_at",
                name="regular_request_not_approved",
                condition=~Q(status="approved"),
            ),
        ]

    def __str__(self) -> str:
        return f"Request of {day_in_words(self, self.requested_at)}"

    @classmethod
    def submit(cls, customer: "Customer", address: AddressDict | None = None) -> Self:
        """Save a request of a customer whom `Customer.request_regular_pickups` has locked."""
        request = cls(business=customer.business, customer=customer)
        if address is None:
            request.copy_address(customer)
        else:
            request.set_address(address)
        is_known = request.can_be_driven_to if address is None else request.address is not None
        if not is_known:
            raise ActionRefused(ADDRESS_MISSING, "address_missing")
        with refused_if_taken(
            "regular_request_pending_once",
            ActionRefused(
                "This customer already has a request that waits for approval.", "requested_already"
            ),
        ):
            request.save()
        return request

    def approve(self) -> None:
        self._decide(self.Status.APPROVED, "Route Regular")

    def decline(self) -> None:
        self._decide(self.Status.DECLINED, "Delivery Address Declined")

    @transaction.atomic
    def _decide(self, status: Status, preference: str) -> None:
        customer = self.lock_with_customer()
        if self.status != self.Status.PENDING:
            raise ActionRefused(
                f"This request was already {self.status}.", f"{self.status}_already"
            )
        self.status, self.decided_at = status, timezone.now()
        self.save(update_fields=["status", "decided_at"])
        customer.set_delivery_preference(preference)
