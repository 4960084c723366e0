"""What waits because Segment refused a customer's traits, and what it refused.

`events.outbox.held` writes these rows.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from customers.models import Business, Customer
from events.models.outbox import WaitingMessage


class HeldTrack(WaitingMessage):
    """A track that waits until Segment accepts an identify of its customer.

    A table of its own: what waits here for days must not be in the way of what can be sent. A row
    keeps the id that it had in the outbox, and with it its place in the customer's order.
    """

    id = models.BigIntegerField(primary_key=True)
    held_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["business", "id"], name="held_by_business"),
            models.Index(fields=["customer", "id"], name="held_by_customer"),
        ]


class RefusedTraits(models.Model):
    """What Segment refused of a customer's traits, so that it is not posted again and again.

    There are no foreign keys in the database: while a release is installed, the previous one may
    delete a customer without knowing this table.
    """

    customer = models.OneToOneField(
        Customer,
        on_delete=models.CASCADE,
        db_constraint=False,
        primary_key=True,
        related_name="+",
    )
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    destination = models.CharField(
        max_length=16, help_text="Fingerprint of the region and write key that refused them."
    )
    traits_hash = models.CharField(
        max_length=32, help_text="Of all traits, as they were when they were refused."
    )
    omitted = ArrayField(
        models.TextField(),
        default=list,
        help_text="The traits that were left out so that Segment accepted the others. "
        "Empty if it accepted none.",
    )
    omitted_hash = models.CharField(max_length=32, help_text="Of the values that were left out.")
    reason = models.TextField(help_text="What Segment answered.")
    refused_at = models.DateTimeField()
    send_up_to = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Tracks up to this id are sent: the owner chose so.",
    )

    def __str__(self) -> str:
        return f"Refused traits of customer {self.customer_id}"
