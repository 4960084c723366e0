"""A business's settings for Segment."""

from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from customers.lost import DEFAULT_LIMITS
from customers.models import Business, CustomField
from customers.models.tracked import Tracked
from events.catalogue import EVENT_NAMES
from events.destination import destination_of
from events.encryption import EncryptedTextField, Unreadable

write_key_validator = RegexValidator(
    r"\A[A-Za-z0-9]{32}\Z",
    "A write key is 32 letters and digits. Copy it from Segment: "
    "Connections > Sources > your source > Settings > API Keys.",
)
day_limit_validators = [MinValueValidator(1), MaxValueValidator(1000)]

LIMIT_FIELDS: Final = {
    "weekly": "weekly_limit",
    "bi-weekly": "bi_weekly_limit",
    "monthly": "monthly_limit",
}
"""Visit frequency -> the field that has its limit. All other frequencies share one."""
OTHER_LIMIT_FIELD: Final = "irregular_limit"


class Region(models.TextChoices):
    """The region of the owner's Segment workspace.

    A choice and not free text: a wrong region may accept events and drop them silently.
    """

    US = "us", "United States"
    EU = "eu", "European Union"


def validate_event_names(names: list[str]) -> None:
    unknown = sorted(set(names) - EVENT_NAMES)
    if unknown:
        names_in_words = ", ".join(sorted(EVENT_NAMES))
        raise ValidationError(
            f"{', '.join(unknown)}: there is no such event. The events are {names_in_words}."
        )


class Integration(Tracked):
    """A business's Segment integration: on or off, destination, muted events, and limits."""

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, primary_key=True, related_name="integration"
    )
    enabled = models.BooleanField("switched on", default=False)
    enabled_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it was switched on; empty while it is off.",
    )
    write_key = EncryptedTextField(blank=True, validators=[write_key_validator])
    region = models.CharField(max_length=2, choices=Region.choices, default=Region.US)
    muted = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, validators=[validate_event_names]
    )
    weekly_limit = models.PositiveSmallIntegerField(
        "lost after, weekly", default=DEFAULT_LIMITS["weekly"], validators=day_limit_validators
    )
    bi_weekly_limit = models.PositiveSmallIntegerField(
        "lost after, bi-weekly",
        default=DEFAULT_LIMITS["bi-weekly"],
        validators=day_limit_validators,
    )
    monthly_limit = models.PositiveSmallIntegerField(
        "lost after, monthly", default=DEFAULT_LIMITS["monthly"], validators=day_limit_validators
    )
    irregular_limit = models.PositiveSmallIntegerField(
        "lost after, irregular or unknown",
        default=DEFAULT_LIMITS["irregular"],
        validators=day_limit_validators,
    )
    birthday_field = models.ForeignKey(
        CustomField,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"kind": "DATE"},
    )
    birthday_field_since = models.DateTimeField(null=True, blank=True, editable=False)
    birthday_hour = models.PositiveSmallIntegerField(default=9, validators=[MaxValueValidator(23)])
    retention_months = models.PositiveSmallIntegerField(
        "keep the send log for months",
        default=13,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )

    def __str__(self) -> str:
        return f"Segment integration of {self.business}"

    @property
    def destination(self) -> str:
        """The fingerprint of its region and write key; empty without a readable key."""
        key = self.write_key
        return "" if not key or isinstance(key, Unreadable) else destination_of(self.region, key)

    def limit_of(self, visit_frequency: str) -> int:
        """Return the days without a visit that a customer of this frequency is allowed."""
        limit: int = getattr(self, LIMIT_FIELDS.get(visit_frequency, OTHER_LIMIT_FIELD))
        return limit

    def clean(self) -> None:
        if self.enabled and isinstance(self.write_key, Unreadable):
            raise ValidationError(
                {
                    "write_key": "The stored write key cannot be read any more. "
                    "Copy it from Segment and enter it again."
                }
            )
        if self.enabled and not self.write_key:
            raise ValidationError(
                {"write_key": "Enter the write key of your Segment source before you switch on."}
            )
        if self.birthday_field and self.birthday_field.business_id != self.business_id:
            raise ValidationError(
                {
                    "birthday_field": "This custom field belongs to another business. "
                    "Choose one of your own."
                }
            )

    def save(self, **kwargs: Any) -> None:
        """Save, with the times at which the integration and the birthday field were set.

        No event from before these times is sent.
        """
        self._stamp(timezone.now())
        if kwargs.get("update_fields") is not None:
            names = set(kwargs["update_fields"])
            kwargs["update_fields"] = names | {
                STAMP_FIELDS[name] for name in names & STAMP_FIELDS.keys()
            }
        super().save(**kwargs)

    def _stamp(self, now: datetime) -> None:
        stored = self._stored or {}
        if not self.enabled:
            self.enabled_at = None
        elif self.enabled_at is None or stored.get("enabled") is False:
            self.enabled_at = now
        if stored.get("birthday_field_id") != self.birthday_field_id:
            self.birthday_field_since = now if self.birthday_field_id else None


def is_birthday_field(custom_field_id: int) -> bool:
    """Return whether an owner chose this custom field for the event Customer Birthday."""
    return Integration.objects.filter(birthday_field=custom_field_id).exists()


STAMP_FIELDS = {
    "enabled": "enabled_at",
    "birthday_field": "birthday_field_since",
    "birthday_field_id": "birthday_field_since",
}
"""Name in `update_fields` -> the field that stores when its value was set."""
