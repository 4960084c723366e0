"""The nightly text about tomorrow's pickup, and what customers answer. What is done with these rows: `customers.texts`."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models.business import Business
from customers.models.customer import Customer
from customers.models.pickup import PickupRequest
from customers.phones import ImpossibleNumber, format_phone, normalise_phone
from customers.texts.languages import LANGUAGES, AutoReply, ReplyMeaning
from customers.texts.reply_words import ReplyWords, simplify
from customers.texts.timing import EARLIEST_HOUR, END_OF_EVENING
from customers.texts.wording import PLACEHOLDERS, nightly_text, unknown_placeholders

LANGUAGE_CHOICES = [(code, language.name) for code, language in LANGUAGES.items()]
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
NUMBER_TAKEN = (
    "Another business has this number. Answers to it would not tell for which of the two they are."
)
OWN_WORDS_HELP = "Separate words with commas. The usual ones are understood anyway."


class TextSettings(models.Model):
    """How a business texts its customers."""

    class Problem(models.TextChoices):
        NONE = "", "None"
        ACCOUNT = (
            "account",
            "Twilio refuses this installation's account. Whoever runs it has to look at its Twilio settings.",
        )
        NUMBER = (
            "number",
            "Twilio refuses to send from this number. Check that it is the one that you have at Twilio.",
        )

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, related_name="text_settings"
    )
    enabled = models.BooleanField(
        "switched on", default=False, help_text="Text customers on the evening before a pickup."
    )
    hour = models.PositiveSmallIntegerField(
        "hour of the text",
        default=18,
        choices=HOURS[EARLIEST_HOUR:END_OF_EVENING],
        help_text="On the evening before the pickup, by the business's clock. No text leaves after 21:00.",
    )
    van_leaves = models.PositiveSmallIntegerField(
        "van leaves at",
        default=8,
        choices=HOURS,
        help_text='On the day of the pickup. From then on, "No" cancels nothing.',
    )
    number = models.CharField(
        "your Twilio number",
        max_length=40,
        blank=True,
        help_text="Texts come from this number, and answers go to it. No other business may have the same one.",
    )
    language = models.CharField(
        max_length=2,
        default="en",
        choices=LANGUAGE_CHOICES,
        help_text="Of the text and of our replies.",
    )
    also_understood = ArrayField(
        models.CharField(max_length=2, choices=LANGUAGE_CHOICES),
        default=list,
        blank=True,
        help_text="Further languages in which customers answer. English is always understood.",
    )
    wording = models.TextField(
        max_length=320,
        blank=True,
        help_text="Leave empty for the usual wording. {name}, {day} and {business} are filled in. "
        "How to get no more texts is always added at the end.",
    )
    own_no = models.CharField(
        'other words for "No"', max_length=300, blank=True, help_text=OWN_WORDS_HELP
    )
    own_stop = models.CharField(
        'other words for "Stop"', max_length=300, blank=True, help_text=OWN_WORDS_HELP
    )
    own_start = models.CharField(
        'other words for "Start"', max_length=300, blank=True, help_text=OWN_WORDS_HELP
    )
    problem = models.CharField(
        max_length=7, choices=Problem, blank=True, default=Problem.NONE, editable=False
    )
    resume_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "text settings"
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=~Q(number=""),
                name="text_number_of_one_business",
                violation_error_message=NUMBER_TAKEN,
            ),
            models.CheckConstraint(
                name="text_hour_of_an_evening",
                condition=Q(hour__gte=EARLIEST_HOUR, hour__lt=END_OF_EVENING),
            ),
            models.CheckConstraint(
                name="text_van_leaves_within_a_day",
                condition=Q(van_leaves__gte=0, van_leaves__lt=24),
            ),
        ]

    def __str__(self) -> str:
        return f"Texts of {self.business}"

    def save(self, **kwargs: Any) -> None:
        self._normalise_number()
        super().save(**kwargs)

    def clean(self) -> None:
        super().clean()
        self._normalise_number()
        if self.enabled and not self.number:
            raise ValidationError(
                {"number": "Enter the number that the texts come from, or leave them switched off."}
            )
        if unknown := unknown_placeholders(self.wording):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValidationError(
                {"wording": f"{{{unknown[0]}}} cannot be filled in. You may use {known}."}
            )
        self._refuse_ambiguous_words()

    def vocabulary(self) -> ReplyWords:
        own = {meaning: self._own(field) for field, meaning in MEANING_BY_FIELD.items()}
        return ReplyWords.of([self.language, *self.also_understood], own)

    def example(self) -> str:
        """The text about tomorrow's pickup of somebody called Ann."""
        tomorrow = self.business.now().date() + timedelta(days=1)
        return nightly_text(
            LANGUAGES[self.language],
            self.wording,
            name="Ann",
            day=tomorrow,
            business=self.business.name,
        )

    def _own(self, field: str) -> list[str]:
        return [word for word in getattr(self, field).split(",") if simplify(word)]

    def _refuse_ambiguous_words(self) -> None:
        usual = ReplyWords.of([self.language, *self.also_understood], {})
        seen: dict[str, ReplyMeaning] = {}
        for field, meaning in MEANING_BY_FIELD.items():
            for word in map(simplify, self._own(field)):
                other = seen.setdefault(word, usual.meanings.get(word, meaning))
                if other is not meaning:
                    raise ValidationError(
                        {field: f'"{word}" means {other.value.capitalize()} already.'}
                    )

    def _normalise_number(self) -> None:
        if not self.number:
            return
        try:
            self.number = normalise_phone(
                self.number, None if self.number.startswith("+") else self.business.country
            )
        except ImpossibleNumber as error:
            raise ValidationError({"number": str(error)}, code="phone") from error


MEANING_BY_FIELD = {
    "own_no": ReplyMeaning.NO,
    "own_stop": ReplyMeaning.STOP,
    "own_start": ReplyMeaning.START,
}


class NightlyText(models.Model):
    """The one text about a pickup. It is written before anything is sent, so that whatever happens then there is no second one."""

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
            "The pickup was canceled, done or moved before the text left.",
        )
        NO_TEXTS = "no_texts", "The customer does not want texts."
        NO_MOBILE = "no_mobile", "The customer's number is not one of a mobile phone."
        UNSUBSCRIBED = (
            "unsubscribed",
            "The customer has told Twilio to get no more texts from this number.",
        )
        IMPOSSIBLE = "impossible", "Texts cannot be sent to the customer's number."
        REJECTED = "rejected", "Twilio did not take this text."
        BUSY = "busy", "Twilio was not reached, or was busy. It is tried again."
        ACCOUNT = "account", "Twilio refused this installation's account. It is tried again."
        NUMBER = "number", "Twilio refused to send from the business's number. It is tried again."
        NO_ANSWER = (
            "no_answer",
            "Twilio did not say whether it took the text, so it is not sent a second time.",
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
    until = models.DateTimeField(help_text="None leaves from then on.")
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=13, choices=Reason, blank=True, default=Reason.NONE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(max_length=40, blank=True, help_text="Where it went.")
    sender = models.CharField(
        max_length=40, blank=True, help_text="The business's number at that time."
    )
    sid = models.CharField("Twilio's id", max_length=64, blank=True)
    error = models.PositiveIntegerField("Twilio's error", null=True, blank=True)

    class Meta:
        constraints = [
            # One pickup on a day, whatever was canceled and scheduled again: one text.
            models.UniqueConstraint(
                fields=["customer", "pickup_date"], name="nightly_text_once_a_day"
            )
        ]
        indexes = [
            models.Index(
                "next_at", "id", name="nightly_text_waiting", condition=Q(status="waiting")
            ),
            models.Index("claimed_at", name="nightly_text_sending", condition=Q(status="sending")),
            # What an answer is about: the last texts from this number to that one.
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
    AutoReply.CANCELED_ALREADY: "Pickup was canceled before",
    AutoReply.DONE_ALREADY: "Pickup was done before",
    AutoReply.PASSED: "Nothing canceled: the day has passed",
    AutoReply.VAN_LEFT: "Nothing canceled: the van had left",
    AutoReply.MADE_ANEW: "Nothing canceled: the pickup changed after our text",
    AutoReply.WHICH: "Nothing canceled: several customers have this number",
    AutoReply.NOT_ASKED: "Nothing canceled: no text had asked",
    AutoReply.STOPPED: "Gets no more texts",
    AutoReply.STARTED: "Gets texts again",
    AutoReply.KEPT: "Kept for you",
    AutoReply.NOTHING: "Kept for you, without a reply",
}


class IncomingText(models.Model):
    """What somebody texted to a business, and what was said by return."""

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
        max_length=16, choices=[(reply.value, said) for reply, said in OUTCOME_LABELS.items()]
    )
    reply = models.TextField("our reply", blank=True)
    at = models.DateTimeField(default=timezone.now)
    handled = models.BooleanField(default=False, help_text="Nobody has to look at it any more.")

    class Meta:
        indexes = [
            models.Index(fields=["business", "-at", "-id"], name="incoming_text_by_business"),
            models.Index(
                fields=["business", "-at"],
                name="incoming_text_to_handle",
                condition=Q(handled=False),
            ),
            # Whether somebody got a reply just now.
            models.Index(fields=["business", "phone", "-at"], name="incoming_text_by_phone"),
        ]

    def __str__(self) -> str:
        return f"Text from {format_phone(self.phone)}"
