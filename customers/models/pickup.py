from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models.address import Addressed
from customers.models.business import Business, Employee
from customers.models.tenant import OfBusiness


class PickupRequest(OfBusiness):
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

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="pickup_requests")
    pickup_date = models.DateField()
    scheduled_by = models.CharField(max_length=8, choices=ScheduledBy)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    status = models.CharField(max_length=9, choices=Status, default=Status.SCHEDULED)
    canceled_via = models.CharField(max_length=8, choices=CanceledVia, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    canceled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "pickup_date"], condition=Q(status="scheduled"), name="pickup_scheduled_once_a_day")
        ]
        indexes = [models.Index("business", "pickup_date", name="pickup_by_date")]

    def __str__(self) -> str:
        return f"Pickup on {self.pickup_date}"


class RegularPickupRequest(Addressed, OfBusiness):
    """A customer's wish to join a regular route."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="regular_pickup_requests")
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    requested_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer"], condition=Q(status="pending"), name="regular_request_pending_once")]

    def __str__(self) -> str:
        return f"Request of {self.requested_at:%Y-%m-%d}"
