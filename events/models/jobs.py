"""Jobs: bulk work that owners asked for, which a worker does in chunks."""

from django.conf import settings
from django.db import models

from customers.models import Business


class Request(models.Model):
    """A job of one business: resend, discard, send all customers, or send past events.

    It is open until `finished_at` is set. While `paused_at` is set, no worker does a chunk of it.
    """

    class Kind(models.TextChoices):
        SEND_AGAIN = "again", "Send again"
        DISCARD = "discard", "Discard"
        SEND_HELD = "anyway", "Send held events anyway"
        DISCARD_HELD = "drop", "Discard held events"
        SYNC = "sync", "Send all customers"
        BACKFILL = "history", "Send past events"
        SEND_SINCE = "since", "Send again since a time"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    matching = models.JSONField(
        default=dict, help_text="The filter that says which messages of the business are meant."
    )
    expected = models.PositiveBigIntegerField(help_text="How many matched when it was requested.")
    done = models.PositiveBigIntegerField(default=0)
    passed_over = models.PositiveBigIntegerField(
        default=0, help_text="Muted meanwhile, requested before, or deleted."
    )
    position = models.JSONField(default=dict, help_text="Where the next chunk begins.")
    finished_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True, help_text="When its owner paused it.")
    ended_because = models.TextField(
        default="", db_default="", help_text="Why it ended before it was done; empty if it did not."
    )

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="request_open", condition=models.Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.done} of {self.expected}"


class Resent(models.Model):
    """A send log entry was put into the outbox again, at most once."""

    log_id = models.BigIntegerField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"Entry {self.log_id} at {self.at:%Y-%m-%d %H:%M}"
