"""Fifths by spending that were computed, and are not set yet."""

from django.db import models

from customers.models import Business, Customer


class PendingFifth(models.Model):
    """The new fifth of a customer. `events.sweeps.spending` writes it, and sets it in steps.

    There are no foreign keys in the database: checking them would lock each customer.
    """

    customer = models.OneToOneField(
        Customer,
        on_delete=models.CASCADE,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    fifth = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"Fifth {self.fifth} of customer {self.customer_id}"
