"""Counts of the send log by the business's own day.

The transaction that writes the log updates them, so that nothing has to scan the log.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from customers.models import Business


class DailyCount(models.Model):
    """The number of messages of one class that were settled on one day.

    `brand_id` is 0 for customers without a brand, here and in the log.
    """

    pk = models.CompositePrimaryKey("business_id", "event", "outcome", "brand_id", "day")
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    event = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    brand_id = models.BigIntegerField()
    day = models.DateField(help_text="The business's own day on which the outcome was known.")
    messages = models.PositiveBigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["business", "day"], name="dailycount_business_day"),
            # rows are written in the order of days; retention finds the old ones by it
            BrinIndex(fields=["day"], name="dailycount_day", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.messages} {self.event} {self.outcome} on {self.day}"


class DailyDelay(models.Model):
    """A histogram of the time from when an event happened until Segment accepted it.

    `bucket` is one of `events.send_log.daily_counts.bucket_of`.
    """

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
