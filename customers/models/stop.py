from django.db import models

from customers.models.address import Addressed
from customers.models.business import Agent, Business, Employee
from customers.models.customer import Customer
from customers.models.tenant import OfBusiness


class Stop(Addressed, OfBusiness):
    """A driver's stop at a customer's door on one day."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        COMPLETED = "completed", "Completed"
        MISSED = "missed", "Missed"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="stops")
    driver = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    route = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    scheduled_for = models.DateField()
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    completed_at = models.DateTimeField(null=True, blank=True)
    had_pickup = models.BooleanField(default=False)
    had_delivery = models.BooleanField(default=False)
    total_pickups = models.PositiveIntegerField(default=0)
    total_deliveries = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index("business", "scheduled_for", name="stop_by_date")]

    def __str__(self) -> str:
        return f"Stop on {self.scheduled_for}"
