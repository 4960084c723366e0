"""The outcome of every message, and every attempt to send.

Append-only, and partitioned by month (events.send_log.partitions).
"""

import json
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from customers.models import Business
from events.packed_messages import RowValues, unpack


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", "Accepted by Segment"
    REJECTED = "rejected", "Refused"
    SKIPPED = "skipped", "Not sent"
    EXPIRED = "expired", "Expired"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"


class SendLog(models.Model):
    """One row per message that left the outbox.

    Ids are plain numbers: the log outlives the rows that they name.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    customer_id = models.BigIntegerField()
    brand_id = models.BigIntegerField(
        default=0, db_default=0, help_text="The customer's brand at that time; 0 without one."
    )
    user_id = models.UUIDField()
    event = models.CharField(max_length=64)
    subject_id = models.BigIntegerField()
    message_id = models.CharField(max_length=32)
    occurred_at = models.DateTimeField(help_text="When it happened.")
    sent_at = models.DateTimeField(
        null=True, help_text="When it was sent; empty when it never was."
    )
    settled_at = models.DateTimeField(help_text="When its outcome was known.")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField()
    plain_body = models.TextField(
        db_column="body",
        blank=True,
        default="",
        db_default="",
        help_text="The message, in rows of releases that did not compress it.",
    )
    packed_body = models.BinaryField(
        null=True, help_text="The message, as events.packed_messages writes it."
    )
    facts = models.JSONField(
        null=True, help_text="Kept unless the message was accepted, to send it again."
    )

    class Meta:
        verbose_name = "send log entry"
        verbose_name_plural = "send log"
        permissions = [("send_again", "Can send messages again")]
        indexes = [
            # A class is one event with one outcome of one brand. A page is merged from the newest
            # rows of each class that matches, so no filter reads rows that it does not show.
            models.Index(
                fields=["business", "event", "outcome", "brand_id", "settled_at", "id"],
                name="sendlog_class",
            ),
            models.Index(fields=["business", "customer_id", "id"], name="sendlog_customer"),
            # Ids begin with the time, so that a range of pages has few of all. For one message of a
            # known customer, `sendlog_customer` is faster.
            BrinIndex(
                fields=["message_id"],
                name="sendlog_by_message",
                autosummarize=True,
                pages_per_range=64,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id} {self.outcome}"

    @property
    def body(self) -> str:
        """The message exactly as sent, but with the customer's link masked. Empty without one."""
        if self.packed_body is None:
            return self.plain_body
        return unpack(self.packed_body, self.row_values)

    @property
    def row_values(self) -> RowValues:
        """The values that `packed_body` leaves out."""
        return RowValues(self.user_id, self.message_id, self.occurred_at)

    @property
    def message(self) -> dict[str, Any] | None:
        return json.loads(self.body) if self.body else None


class DeliveryAttempt(models.Model):
    """One row per HTTP request to Segment, including failed ones."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(
        null=True, help_text="The HTTP status; empty when no response came."
    )
    milliseconds = models.PositiveIntegerField()
    messages = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["business", "at"], name="attempt_business")]

    def __str__(self) -> str:
        return f"Request with {self.messages} messages"
