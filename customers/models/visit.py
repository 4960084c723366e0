from django.db import models

from customers.models.business import Business
from customers.models.tenant import OfBusiness


class Visit(OfBusiness):
    """That a customer dealt with the business on a day; at most one a day."""

    class Type(models.TextChoices):
        DRIVER = "Driver", "Driver"
        STORE = "Store", "Store"
        SIGNUP = "Signup", "Signup"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="visits", db_index=False)
    day = models.DateField()
    visit_type = models.CharField(max_length=6, choices=Type)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "day"], name="visit_once_a_day")]

    def __str__(self) -> str:
        return f"{self.visit_type} visit on {self.day}"
