"""The nightly text about tomorrow's pickup, and what customers text back.

`customers.texts` plans and sends the texts, and understands the replies.
"""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Reverse
from django.utils import timezone

from customers.clock_in_use import day_in_words
from customers.composed import ComposedTextField
from customers.models.business import Business
from customers.models.customer import Customer
from customers.models.pickup import PickupRequest
from customers.phones import format_phone
from customers.texts.languages import AutoReply, ReplyMeaning


class NightlyText(models.Model):
    """The one text about a pickup. Saved before it is sent: no failure may cause a second."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Not sent"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Unconfirmed"
        EXPIRED = "expired", "Expired"

    class Reason(models.TextChoices):
        NONE = "", ""
        NOT_SCHEDULED = (
            "not_scheduled",
            "The pickup was canceled, completed or moved before the text was sent.",
        )
        NO_TEXTS = "no_texts", "The customer has opted out of texts."
        NO_MOBILE = "no_mobile", "The customer's number is not a mobile number."
        UNSUBSCRIBED = (
            "unsubscribed",
            "Twilio refused it: the customer has opted out of texts from your number.",
        )
        IMPOSSIBLE = "impossible", "The customer's number cannot get texts."
        REJECTED = "rejected", "Twilio refused this text."
        BUSY = "busy", "Twilio was busy or could not be reached."
        ACCOUNT = "account", "Twilio refused our account."
        NUMBER = "number", "Twilio refused to send from your number."
        LIMIT = (
            "limit",
            (
                "The evening ended before it was this text's turn: your number can send only so "
                "many texts a second. Send texts at an earlier hour."
            ),
        )
        NO_ANSWER = (
            "no_answer",
            (
                "Twilio did not say whether it sent the text. "
                "We do not send it again, so that nobody gets it twice."
            ),
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
    until = models.DateTimeField(help_text="Not sent from then on.")
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=13, choices=Reason, blank=True, default=Reason.NONE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When an unclear reply to it was answered, asking for a No.",
    )
    phone = models.CharField(max_length=40, blank=True, help_text="The number it was sent to.")
    sender = models.CharField(max_length=40, blank=True, help_text="Your number when it was sent.")
    sid = models.CharField("Twilio's id", max_length=64, blank=True)
    error = models.PositiveIntegerField("Twilio's error", null=True, blank=True)

    class Meta:
        constraints = [
            # A pickup that is canceled and scheduled again for the same day gets no second text.
            models.UniqueConstraint(
                fields=["customer", "pickup_date"], name="nightly_text_once_a_day"
            )
        ]
        indexes = [
            # The next texts of a business, and which businesses have any.
            models.Index(
                "business",
                "next_at",
                "id",
                name="nightly_text_due",
                condition=Q(status="waiting"),
            ),
            models.Index("until", name="nightly_text_until", condition=Q(status="waiting")),
            models.Index("claimed_at", name="nightly_text_sending", condition=Q(status="sending")),
            # What a reply is about: the last texts from this number to that one.
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
            # What went wrong.
            models.Index(
                fields=["business", "status", "-pickup_date", "-id"],
                name="nightly_text_failed",
                condition=Q(status__in=["refused", "unknown", "expired"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Text about the pickup on {day_in_words(self, self.pickup_date)}"


MEANING_LABELS = {
    ReplyMeaning.NO: "No",
    ReplyMeaning.CANCEL: "Cancel and stop",
    ReplyMeaning.OPT_OUT: "Stop",
    ReplyMeaning.OPT_IN: "Start",
    ReplyMeaning.OPT_IN_AFTER_STOP: "Yes",
    ReplyMeaning.HELP: "Help",
    ReplyMeaning.ACKNOWLEDGMENT: "Ok",
    ReplyMeaning.OTHER: "Other",
}
OUTCOME_LABELS = {
    AutoReply.CANCELED: "Pickup canceled",
    AutoReply.CANCELED_BEFORE: "Pickup was already canceled",
    AutoReply.COMPLETED_BEFORE: "Pickup was already completed",
    AutoReply.DAY_PASSED: "Nothing canceled: the day has passed",
    AutoReply.VAN_LEFT: "Nothing canceled: the van had left",
    AutoReply.CHANGED: "Nothing canceled: the pickup changed after our text",
    AutoReply.WHICH_CUSTOMER: "Nothing canceled: several customers share this number",
    AutoReply.NOT_TEXTED: "Nothing canceled: no text about a pickup was sent",
    AutoReply.OPTED_OUT: "Opted out of texts",
    AutoReply.OPTED_IN: "Gets texts again",
    AutoReply.FORWARDED: "For you to read",
    AutoReply.ASKED: "For you to read, we asked for a NO",
    AutoReply.HELP: "Got our help",
    AutoReply.ACKNOWLEDGED: "Nothing to do",
    AutoReply.NONE: "For you to read, no automatic reply",
}


class IncomingText(models.Model):
    """What somebody texted to a business, and the automatic reply."""

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
    body = ComposedTextField("text", blank=True)
    media = models.PositiveSmallIntegerField("pictures", default=0)
    meaning = models.CharField(
        max_length=5, choices=[(meaning.value, label) for meaning, label in MEANING_LABELS.items()]
    )
    outcome = models.CharField(
        max_length=16, choices=[(reply.value, label) for reply, label in OUTCOME_LABELS.items()]
    )
    reply = ComposedTextField("automatic reply", blank=True)
    at = models.DateTimeField("received", default=timezone.now)
    handled = models.BooleanField("done", default=False)

    class Meta:
        verbose_name = "reply to a text"
        verbose_name_plural = "replies to texts"
        indexes = [
            models.Index(fields=["business", "-at", "-id"], name="incoming_text_by_business"),
            models.Index(
                fields=["business", "-at"],
                name="incoming_text_to_handle",
                condition=Q(handled=False),
            ),
            # Whether this number got an automatic reply recently.
            models.Index(fields=["business", "phone", "-at"], name="incoming_text_by_phone"),
            # A search by the end of a number that no customer has.
            models.Index(
                "business",
                OpClass(Reverse("phone"), "text_pattern_ops"),
                name="incoming_text_found_by_phone",
            ),
        ]

    def __str__(self) -> str:
        return f"Text from {format_phone(self.phone)}"
