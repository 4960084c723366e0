"""How a business texts its customers. `customers.texts` uses these rows."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from customers.models.business import Business
from customers.phones import ImpossibleNumber, normalise_phone
from customers.texts.languages import LANGUAGES, ReplyMeaning
from customers.texts.reply_words import ReplyWords, simplify
from customers.texts.timing import EARLIEST_HOUR, END_OF_EVENING
from customers.texts.wording import PLACEHOLDERS, nightly_text, unknown_placeholders

LANGUAGE_CHOICES = [(code, language.name) for code, language in LANGUAGES.items()]
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
NUMBER_TAKEN = (
    "Another business already uses this number, so replies could not be matched to one business."
)
OWN_WORDS_HELP = "Separate words with commas. The usual words are always understood."


class TextSettings(models.Model):
    """The settings of one business."""

    class Problem(models.TextChoices):
        NONE = "", "None"
        ACCOUNT = (
            "account",
            "Twilio refused our account. Please contact support.",
        )
        NUMBER = (
            "number",
            "Twilio refused to send from this number. Check it in your Twilio account.",
        )

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, related_name="text_settings"
    )
    enabled = models.BooleanField(
        "switched on", default=False, help_text="Text customers in the evening before a pickup."
    )
    hour = models.PositiveSmallIntegerField(
        "hour of the text",
        default=18,
        choices=HOURS[EARLIEST_HOUR:END_OF_EVENING],
        help_text="In the evening before the pickup, in the time zone of the business."
        " No texts are sent after 21:00.",
    )
    van_leaves = models.PositiveSmallIntegerField(
        "van leaves at",
        default=8,
        choices=HOURS,
        help_text='On the day of the pickup. After this time, replying "No" does not cancel it.',
    )
    number = models.CharField(
        "your Twilio number",
        max_length=40,
        blank=True,
        help_text="Texts are sent from this number, and replies arrive there."
        " Each business needs its own number.",
    )
    language = models.CharField(
        max_length=2,
        default="en",
        choices=LANGUAGE_CHOICES,
        help_text="The language of the text and of the automatic replies.",
    )
    also_understood = ArrayField(
        models.CharField(max_length=2, choices=LANGUAGE_CHOICES),
        default=list,
        blank=True,
        help_text="Other languages in which customers reply. English is always understood.",
    )
    wording = models.TextField(
        max_length=320,
        blank=True,
        help_text="Leave empty for the usual wording. {name}, {day} and {business} are filled in. "
        "How to stop the texts is always added at the end.",
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
                {"number": "Enter the number that texts are sent from, or switch texts off."}
            )
        if unknown := unknown_placeholders(self.wording):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValidationError(
                {"wording": f"{{{unknown[0]}}} cannot be filled in. You can use {known}."}
            )
        self._refuse_ambiguous_words()

    def vocabulary(self) -> ReplyWords:
        own = {meaning: self._own(field) for field, meaning in MEANING_BY_FIELD.items()}
        return ReplyWords.of([self.language, *self.also_understood], own)

    def example(self) -> str:
        """Return the text about tomorrow's pickup, for a customer called Ann."""
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
        usual_words = ReplyWords.of([self.language, *self.also_understood], {})
        seen: dict[str, ReplyMeaning] = {}
        for field, meaning in MEANING_BY_FIELD.items():
            for word in map(simplify, self._own(field)):
                other = seen.setdefault(word, usual_words.meanings.get(word, meaning))
                if other is not meaning:
                    raise ValidationError(
                        {field: f'"{word}" already means {other.value.capitalize()}.'}
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
