"""The nightly text about tomorrow's pickup, and the texts that customers send.

`customers.texts` uses these rows.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models.business import Business
from customers.models.customer import Customer
from customers.models.pickup import PickupRequest
from customers.phones import format_phone
from customers.texts.languages import AutoReply, ReplyMeaning


class NightlyText(models.Model):
    """The one text about a pickup. The row is saved before the text is sent, so that no failure can
    cause a second text.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Not needed"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Perhaps sent"
        EXPIRED = "expired", "Too late"

    class Reason(models.TextChoices):
        NONE = "", ""
        NOT_SCHEDULED = (
            "not_scheduled",
            "The pickup was canceled, completed or moved before the text was sent.",
        )
        NO_TEXTS = "no_texts", "The customer does not want texts."
        NO_MOBILE = "no_mobile", "The customer's number is not a mobile number."
        UNSUBSCRIBED = (
            "unsubscribed",
            "The customer opted out of texts from this number at Twilio.",
        )
        IMPOSSIBLE = "impossible", "Texts cannot be sent to the customer's number."
        REJECTED = "rejected", "Twilio refused this text."
        BUSY = "busy", "Twilio could not be reached, or was busy. We will try again."
        ACCOUNT = "account", "Twilio refused our account. We will try again."
        NUMBER = "number", "Twilio refused to send from your number. We will try again."
        NO_ANSWER = (
            "no_answer",
            "Twilio did not confirm the text, so we do not send it a second time.",
        )

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="nightly_texts", db_index=False
    )
    pickup = models.OneToOneField(
        PickupRequest, on_delete=models.CASCADE, related_name="nightly_text"
    )
    pickup_date = models.DateField()
    until = models.DateTimeField(help_text="The text is not sent after this time.")
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=13, choices=Reason, blank=True, default=Reason.NONE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(
        max_length=40, blank=True, help_text="The number that the text was sent to."
    )
    sender = models.CharField(
        max_length=40, blank=True, help_text="The business's number at that time."
    )
    sid = models.CharField("Twilio's id", max_length=64, blank=True)
    error = models.PositiveIntegerField("Twilio's error", null=True, blank=True)

    class Meta:
        constraints = [
            # One text a day, even if a pickup is canceled and scheduled again.
            models.UniqueConstraint(
                fields=["customer", "pickup_date"], name="nightly_text_once_a_day"
            )
        ]
        indexes = [
            models.Index(
                "next_at", "id", name="nightly_text_waiting", condition=Q(status="waiting")
            ),
            models.Index("claimed_at", name="nightly_text_sending", condition=Q(status="sending")),
            # The pickup of a reply: the latest texts from this number to that phone.
            models.Index(
                "business",
                "phone",
                "pickup_date",
                name="nightly_text_by_phone",
                condition=~Q(phone=""),
            ),
            models.Index(
                fields=["business", "-pickup_date", "-id"], name="nightly_text_by_business"
            ),
        ]

    def __str__(self) -> str:
        return f"Text about the pickup on {self.pickup_date}"


OUTCOME_LABELS = {
    AutoReply.CANCELED: "Pickup canceled",
    AutoReply.CANCELED_ALREADY: "Pickup was already canceled",
    AutoReply.DONE_ALREADY: "Pickup was already completed",
    AutoReply.PASSED: "Nothing canceled: the day has passed",
    AutoReply.VAN_LEFT: "Nothing canceled: the van had left",
    AutoReply.MADE_ANEW: "Nothing canceled: the pickup changed after our text",
    AutoReply.WHICH: "Nothing canceled: several customers have this number",
    AutoReply.NOT_ASKED: "Nothing canceled: we had not texted about a pickup",
    AutoReply.STOPPED: "Opted out of texts",
    AutoReply.STARTED: "Opted in to texts again",
    AutoReply.KEPT: "For you to read",
    AutoReply.NOTHING: "For you to read, without an automatic reply",
}


class IncomingText(models.Model):
    """A text that a business received, and the automatic reply."""

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="incoming_texts"
    )
    pickup = models.ForeignKey(
        PickupRequest, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sid = models.CharField("Twilio's id", max_length=64, unique=True)
    phone = models.CharField("from", max_length=40)
    body = models.TextField("message", blank=True)
    media = models.PositiveSmallIntegerField("pictures", default=0)
    meaning = models.CharField(
        max_length=5,
        choices=[(meaning.value, meaning.name.capitalize()) for meaning in ReplyMeaning],
    )
    outcome = models.CharField(
        max_length=16, choices=[(reply.value, label) for reply, label in OUTCOME_LABELS.items()]
    )
    reply = models.TextField("automatic reply", blank=True)
    at = models.DateTimeField(default=timezone.now)
    handled = models.BooleanField(
        default=False, help_text="Mark as done. Nobody needs to read this text any more."
    )

    class Meta:
        indexes = [
            models.Index(fields=["business", "-at", "-id"], name="incoming_text_by_business"),
            models.Index(
                fields=["business", "-at"],
                name="incoming_text_to_handle",
                condition=Q(handled=False),
            ),
            # Whether this phone got an automatic reply just now.
            models.Index(fields=["business", "phone", "-at"], name="incoming_text_by_phone"),
        ]

    def __str__(self) -> str:
        return f"Text from {format_phone(self.phone)}"
