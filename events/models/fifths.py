"""Fifths by spending that were computed, and are not set yet."""

from django.db import models

from customers.models import Business, Customer


class PendingFifth(models.Model):
    """The new fifth of a customer. `events.sweeps.spending` writes it, and sets it in steps.

    They are set in the order of `id`, which spreads a step over the table of customers. There are
    no foreign keys in the database: checking them would lock each customer.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    fifth = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"Fifth {self.fifth} of customer {self.customer_id}"
