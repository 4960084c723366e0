"""Unique rows that make a sweep record an event once, however often the sweep runs."""

from django.db import models

from customers.models import Business, Customer


class Lapse(models.Model):
    """A customer counts as lost, absent since the last visit at `since`.

    The next visit ends the lapse. A later lapse has another `since`.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    since = models.DateTimeField()
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "since"], name="lapse_once")]

    def __str__(self) -> str:
        return f"Customer {self.customer_id} since {self.since:%Y-%m-%d}"


class Celebration(models.Model):
    """A customer's birthday event was recorded in `year`."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    year = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "year"], name="celebration_once_a_year")
        ]

    def __str__(self) -> str:
        return f"Customer {self.customer_id} in {self.year}"


class SweepDone(models.Model):
    """A business's nightly sweep was done for its own local `day`.

    There is one row per sweep and business, and its day is updated.
    """

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    sweep = models.CharField(max_length=32)
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "sweep"], name="sweep_done_once")
        ]

    def __str__(self) -> str:
        return f"{self.sweep} of {self.business_id} on {self.day}"
