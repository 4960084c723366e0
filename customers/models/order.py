import secrets
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models.business import Agent, Business, Department, Discount, Employee
from customers.models.customer import Customer
from customers.models.tenant import OfBusiness

READABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, 1, I or O, which people confuse when they read a number to each other."""
NUMBER_LENGTH = 8
"""32 ** 8 numbers: the odds that a new order of a business with a million orders meets a taken number are one in a million."""


def random_number() -> str:
    return "".join(secrets.choice(READABLE) for _ in range(NUMBER_LENGTH))


class Order(OfBusiness):
    class Status(models.TextChoices):
        OPEN = "open", "Open"
        READY = "ready", "Ready"
        RETURNED = "returned", "Returned"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders", db_index=False)
    number = models.CharField(max_length=40, default=random_number)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    sold_by = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    returned_by = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    stop = models.ForeignKey("customers.Stop", on_delete=models.PROTECT, null=True, blank=True, related_name="orders")
    subtotal = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    discount_total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    tax = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    total = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    tax_rate = models.DecimalField(
        "sales tax in percent",
        max_digits=6,
        decimal_places=4,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(99)],
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
        ]

    def __str__(self) -> str:
        return self.number


class LineItem(OfBusiness):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    description = models.CharField(max_length=500)
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    price = models.DecimalField("price each", max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="lineitem_sense", condition=Q(quantity__gte=1, price__gte=0))]

    def __str__(self) -> str:
        return self.description

    def tenant_id(self) -> int | None:
        return self.order.business_id
