"""Counts of the send log by the business's own day, kept by the transaction that writes the log, so that nothing has to scan it."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from customers.models import Business


class DailyCount(models.Model):
    """So many messages of one kind were settled on one day. `brand_id` is 0 for customers without a brand, here and in the log."""

    pk = models.CompositePrimaryKey("business_id", "event", "outcome", "brand_id", "day")
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    event = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8)
    brand_id = models.BigIntegerField()
    day = models.DateField(help_text="The business's own day on which the outcome was known.")
    messages = models.PositiveBigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["business", "day"], name="dailycount_business_day"),
            # days come one after the other; it finds the old ones to delete
            BrinIndex(fields=["day"], name="dailycount_day", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.messages} {self.event} {self.outcome} on {self.day}"


class DailyDelay(models.Model):
    """How long accepted events took from happening to accepted, as a histogram: `bucket` is a step of events.send_log.daily_counts."""

    pk = models.CompositePrimaryKey("business_id", "day", "bucket")
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    day = models.DateField()
    bucket = models.SmallIntegerField()
    messages = models.PositiveBigIntegerField()
    worst_ms = models.PositiveBigIntegerField(
        help_text="The longest in this bucket, in milliseconds."
    )

    class Meta:
        indexes = [BrinIndex(fields=["day"], name="dailydelay_day", pages_per_range=32)]

    def __str__(self) -> str:
        return f"{self.messages} in bucket {self.bucket} on {self.day}"
