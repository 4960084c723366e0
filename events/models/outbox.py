"""The outbox, each business's lane, and the traits that Segment accepted.

`events.outbox` writes these rows, and for lanes also `events.lanes.lane_control` and
`smrt_integration.delivery.claim`.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from customers.models import Business, Customer
from events.identify import IDENTIFY


class WaitingMessage(models.Model):
    """The columns of a message that is still to be sent.

    There are no foreign keys in the database: checking them would slow down every save, and rows
    outlive what they name.
    """

    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    user_id = models.UUIDField(
        help_text="The customer's public id, kept for when the customer's row is gone."
    )
    event = models.CharField(
        max_length=64, help_text="The event's name as in the catalogue, or identify."
    )
    subject_id = models.BigIntegerField(
        help_text="The row the event is about: an order, a stop, a customer."
    )
    message_id = models.CharField(
        max_length=32, help_text="32 hex digits; the same on every attempt."
    )
    occurred_at = models.DateTimeField()
    facts = models.JSONField(default=dict, help_text="What was true when it happened.")
    is_bulk = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Recorded for many customers at once, by a sweep or a changed brand: what "
        "happens live is sent before it.",
    )
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    unanswered_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it was last posted without an answer: since then Segment may have it.",
    )
    last_error = models.TextField(default="", db_default="", blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"


class Outgoing(WaitingMessage):
    """The outbox: one row per message that is still to be sent.

    It is mostly empty, so its cost does not depend on how much was sent before.
    """

    id = models.BigAutoField(primary_key=True)

    class Meta:
        verbose_name = "waiting message"
        indexes = [
            models.Index(fields=["business", "is_bulk", "id"], name="outgoing_live_first"),
            # a live message takes its customer's earlier ones along
            models.Index(
                fields=["customer", "id"],
                condition=Q(is_bulk=True) & ~Q(event=IDENTIFY),
                name="outgoing_bulk_by_customer",
            ),
        ]
        constraints = [
            # however many saves happen before it is sent, one identify is sent
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(event=IDENTIFY),
                name="outgoing_one_identify_per_customer",
            ),
        ]


class Lane(models.Model):
    """The state of one business's queue.

    A table of its own: owners edit the integration while deliveries run.
    """

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, primary_key=True, related_name="lane"
    )
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until then one worker has the lane; after that, any may claim it.",
    )
    claimed_at = models.DateTimeField(
        db_default=Now(),
        help_text="When it was last claimed. Lanes are served least recently claimed first.",
    )
    resume_at = models.DateTimeField(db_default=Now(), help_text="No attempt before this time.")
    failures = models.PositiveIntegerField(default=0, help_text="Failed attempts in a row.")
    generation = models.PositiveIntegerField(
        default=0,
        help_text="Counts the owner's changes. An attempt made before one does not count.",
    )
    stopped = models.TextField(
        default="",
        blank=True,
        help_text="Why nothing is sent until the owner acts; empty while it runs.",
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(
        default="",
        blank=True,
        help_text="Why the last attempt failed; empty when it did not.",
    )
    failing_since = models.DateTimeField(null=True, blank=True)
    last_accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_destination = models.CharField(
        max_length=16,
        default="",
        db_default="",
        blank=True,
        help_text="Fingerprint of the region and write key that were last accepted.",
    )
    destination_accepted_at = models.DateTimeField(
        null=True, blank=True, help_text="When they were, by a message or a test event."
    )
    log_destination = models.CharField(
        max_length=16,
        default="",
        db_default="",
        blank=True,
        help_text="Fingerprint of the destination whose messages were last logged as accepted.",
    )
    refused_in_row = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Messages that Segment refused alone since it last accepted one.",
    )
    in_flight = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="The identifies that the worker with the lease may have posted: message id -> "
        "customer id and hash of the traits.",
    )
    # Waiting messages are searched from the id `floor` on, bulk ones from `bulk_floor`.
    # Otherwise each search would walk through deleted rows that a long-running snapshot keeps.
    # `delivery.claim` raises both.
    floor = models.BigIntegerField(default=0)
    next_floor = models.BigIntegerField(default=0)
    bulk_floor = models.BigIntegerField(default=0, db_default=0)
    next_bulk_floor = models.BigIntegerField(default=0, db_default=0)
    next_floor_xmax = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Transactions from this id on began after the next floors were found.",
    )
    floor_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Lane of {self.business}"


class AcceptedTraits(models.Model):
    """The traits that Segment last accepted. An identify that would change nothing is not sent."""

    # Without a foreign key in the database, settling does not wait for a customer's row that
    # something else holds locked, and with it for the messages of other businesses.
    customer = models.OneToOneField(
        Customer,
        on_delete=models.CASCADE,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    destination = models.CharField(
        max_length=16,
        help_text="Fingerprint of region and write key: another source has no traits yet.",
    )
    traits_hash = models.CharField(max_length=32)
    message_id = models.CharField(max_length=32)
    occurred_at = models.DateTimeField(help_text="The time of the accepted identify.")

    def __str__(self) -> str:
        return f"Traits of customer {self.customer_id}"


class DestinationUse(models.Model):
    """From `since` on, what a lane logs as accepted went to this destination, until the next row.

    What was logged before a business's first row went to the first row's destination.
    """

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    destination = models.CharField(max_length=16)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"Destination of {self.business_id} since {self.since:%Y-%m-%d %H:%M}"


class UnansweredIdentify(models.Model):
    """An identify that was posted without an answer: Segment may have these traits.

    It is kept until its id is accepted, or is no longer in the outbox and therefore logged as
    unconfirmed. `body` and `traits_hash` are empty when the worker that posted it died.
    """

    message_id = models.CharField(max_length=32, primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    customer_id = models.BigIntegerField()
    user_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    posted_at = models.DateTimeField()
    attempts = models.PositiveIntegerField()
    traits_hash = models.CharField(max_length=32, blank=True)
    body = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Unanswered {self.message_id}"


class TraitChange(models.Model):
    """A changed row that many customers' traits show.

    A worker fans it out to the customers in chunks, from the id `after_id` on.
    """

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    relation = models.CharField(
        max_length=32,
        help_text="A key of events.outbox.fan_out.CUSTOMERS_CONCERNED.",
    )
    related_id = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    after_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.relation} {self.related_id}"
