"""The settings of a business for texts on the evening before a pickup."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from customers.composed import ComposedCharField, ComposedTextField
from customers.models.business import Business
from customers.models.phone_field import normalise_phone_field
from customers.texts.languages import LANGUAGES, ReplyMeaning
from customers.texts.reply_text import simplify
from customers.texts.reply_words import ReplyWords
from customers.texts.timing import EARLIEST_HOUR, END_OF_EVENING
from customers.texts.wording import PLACEHOLDERS, nightly_text, unknown_placeholders

LANGUAGE_CHOICES = [(code, language.name) for code, language in LANGUAGES.items()]
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
NUMBER_TAKEN = (
    "Another business already uses this number, so replies could not be matched to one business."
)
OWN_WORDS_HELP = "Separate words with commas. The usual words are understood anyway."


class TextSettings(models.Model):
    class Problem(models.TextChoices):
        NONE = "", "None"
        ACCOUNT = "account", "Twilio refuses our account. Please contact support."
        NUMBER = (
            "number",
            "Twilio refuses to send from this number. Check that it is your number at Twilio.",
        )

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, related_name="text_settings"
    )
    enabled = models.BooleanField(
        "switched on",
        default=False,
        help_text="Text customers on the evening before a pickup.",
    )
    hour = models.PositiveSmallIntegerField(
        "send texts at",
        default=18,
        choices=HOURS[EARLIEST_HOUR:END_OF_EVENING],
        help_text="On the evening before the pickup, in your time zone. "
        "No text is sent after 21:00.",
    )
    van_leaves = models.PositiveSmallIntegerField(
        "van leaves at",
        default=8,
        choices=HOURS,
        help_text='On the day of the pickup. After that, "No" does not cancel the pickup.',
    )
    number = models.CharField(
        "your Twilio number",
        max_length=40,
        blank=True,
        help_text="Texts come from this number, and replies go to it. "
        "Each business needs a number of its own.",
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
        help_text="Other languages that customers may reply in. English is always understood.",
    )
    wording = ComposedTextField(
        max_length=320,
        blank=True,
        help_text="Leave empty for the usual wording. You may use {name}, {day} and {business}. "
        "How to opt out is always added at the end.",
    )
    own_no = ComposedCharField(
        'other words for "No"', max_length=300, blank=True, help_text=OWN_WORDS_HELP
    )
    own_stop = ComposedCharField(
        'other words for "Stop"', max_length=300, blank=True, help_text=OWN_WORDS_HELP
    )
    own_start = ComposedCharField(
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
        normalise_phone_field(self, "number")
        super().save(**kwargs)

    def clean(self) -> None:
        super().clean()
        normalise_phone_field(self, "number")
        if self.enabled and not self.number:
            raise ValidationError({"number": "Enter your Twilio number, or switch texts off."})
        if unknown := unknown_placeholders(self.wording):
            allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValidationError(
                {"wording": f"We cannot fill in {{{unknown[0]}}}. You may use {allowed}."}
            )
        self._refuse_ambiguous_words()

    def reply_words(self) -> ReplyWords:
        own = {meaning: self._own_words(field) for field, meaning in MEANING_BY_FIELD.items()}
        return ReplyWords.of([self.language, *self.also_understood], own)

    def example(self) -> str:
        """Return the text about tomorrow's pickup for a customer called Ann."""
        tomorrow = self.business.now().date() + timedelta(days=1)
        return nightly_text(
            LANGUAGES[self.language],
            self.wording,
            name="Ann",
            day=tomorrow,
            business=self.business.name,
            country=self.business.country,
        )

    def _own_words(self, field: str) -> list[str]:
        return [word for word in getattr(self, field).split(",") if simplify(word)]

    def _refuse_ambiguous_words(self) -> None:
        usual = ReplyWords.of([self.language, *self.also_understood], {})
        seen: dict[str, ReplyMeaning] = {}
        for field, meaning in MEANING_BY_FIELD.items():
            for word in map(simplify, self._own_words(field)):
                other = seen.setdefault(word, usual.usual_meaning(word) or meaning)
                if other is not meaning:
                    raise ValidationError(
                        {field: f'"{word}" already means {other.value.capitalize()}.'}
                    )


MEANING_BY_FIELD = {
    "own_no": ReplyMeaning.NO,
    "own_stop": ReplyMeaning.OPT_OUT,
    "own_start": ReplyMeaning.OPT_IN,
}
