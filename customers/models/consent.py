"""What customers themselves turned off, and on whose word it is turned on again.

Who turned off texts or emails gets none until they want them again. So what a till, a website or an
employee sends must not turn them on by the way, such as by sending an old copy of the record. It
needs the customer's consent: who gave it, when and how is kept.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from customers.composed import ComposedCharField
from customers.errors import ActionRefused, checked_time, not_before
from customers.models.business import Business
from customers.models.tenant import BelongsToCustomer
from customers.models.tracked import Tracked

MAX_GIVEN_BY_LENGTH: Final = 150
MAX_HOW_LENGTH: Final = 300
MESSAGE_CHOICES: Final[Mapping[str, str]] = {"receive_emails": "Emails", "receive_texts": "Texts"}
"""The fields of a customer that say what we may send, with the words for owners."""


class HasOptOuts(Tracked):
    """When a customer turned off emails or texts themself. Null: they did not, or want them again.

    A save that turns one on, or an employee who turns one off, ends it.
    """

    emails_opted_out_at = models.DateTimeField(
        "opted out of emails", null=True, blank=True, editable=False
    )
    texts_opted_out_at = models.DateTimeField(
        "opted out of texts", null=True, blank=True, editable=False
    )
    opted_out_columns: ClassVar[Mapping[str, str]] = {
        "receive_emails": "emails_opted_out_at",
        "receive_texts": "texts_opted_out_at",
    }

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        ended = {
            column
            for choice, column in self.opted_out_columns.items()
            if (fields is None or choice in fields) and self._has_ended(choice, column)
        }
        for column in ended:
            setattr(self, column, None)
        if fields is not None:
            kwargs["update_fields"] = {*fields, *ended}
        super().save(**kwargs)

    def choose(self, choice: str, wanted: bool) -> list[str]:
        """Set what the customer themself chose. Returns the names of the fields to save."""
        column = self.opted_out_columns[choice]
        setattr(self, choice, wanted)
        setattr(self, column, None if wanted else timezone.now())
        return [choice, column]

    @property
    def opted_out(self) -> list[str]:
        """The choices that are off because the customer turned them off, by name of the field."""
        return [
            choice
            for choice, column in self.opted_out_columns.items()
            if not getattr(self, choice) and getattr(self, column) is not None
        ]

    def _has_ended(self, choice: str, column: str) -> bool:
        present = getattr(self, column)
        if present is None:
            return False
        is_turned_off_now = self.stored_value(choice) is True
        return getattr(self, choice) or (is_turned_off_now and present == self.stored_value(column))


class Consent(BelongsToCustomer):
    """The customer's word that they want emails or texts, as the business recorded it."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="consents"
    )
    choices = ArrayField(
        models.CharField(max_length=14, choices=[*MESSAGE_CHOICES.items()]),
        verbose_name="wants",
    )
    given_by = ComposedCharField("who gave it", max_length=MAX_GIVEN_BY_LENGTH)
    given_at = models.DateTimeField("when")
    how = ComposedCharField(
        "how", max_length=MAX_HOW_LENGTH, help_text='Such as "asked at the counter".'
    )
    recorded_at = models.DateTimeField("recorded", default=timezone.now)
    recorded_by = ComposedCharField(max_length=MAX_GIVEN_BY_LENGTH)

    class Meta:
        indexes = [models.Index(fields=["customer", "-id"], name="consent_by_customer")]

    def __str__(self) -> str:
        return f"Consent of {self.given_by}"

    @property
    def choices_in_words(self) -> str:
        return " and ".join(MESSAGE_CHOICES[choice].lower() for choice in self.choices)


def check_given_at(
    at: datetime, opted_out_at: datetime | None, field: str = "given_at"
) -> datetime:
    """Return the time of a consent. Raises ActionRefused for one to come or before the opt-out."""
    given_at = checked_time(at, field)
    if opted_out_at is None:
        return given_at
    try:
        not_before(given_at, opted_out_at, "opted out", field)
    except ActionRefused as error:
        raise ActionRefused(
            "The customer turned this off after that time. Ask the customer again.",
            "time_out_of_order",
            field,
        ) from error
    return given_at
