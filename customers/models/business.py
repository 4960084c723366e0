"""Businesses, and the named records that orders and customers of one refer to."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from customers.business_clock import BusinessClock
from customers.composed import ComposedCharField
from customers.database_zones import database_zones
from customers.models.address import country_code
from customers.models.external_id import HasExternalId, unique_external_id
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToBusiness
from customers.models.tracked import Tracked
from customers.money import CURRENCIES, Deduction, exact_amount
from customers.zones import canonical_zone, known_zones, local_day


def validate_zone(name: str) -> None:
    """Refuse a name that this server or PostgreSQL does not know: it would break local days."""
    canonical = canonical_zone(name)
    if canonical not in known_zones():
        raise ValidationError(
            f"{name} is not a time zone. Choose one such as America/Los_Angeles.", code="time_zone"
        )
    if canonical not in database_zones():
        raise ValidationError(
            f"Our database does not know the time zone {name}. Choose another city with the same "
            "time, or ask support.",
            code="time_zone",
        )


def validate_currency(code: str) -> None:
    if code not in CURRENCIES:
        raise ValidationError(
            f"{code} is not a supported currency. Use a code such as USD (ISO 4217).",
            code="currency",
        )


class Business(HasPublicId, Tracked):
    """A tenant: no business can see anything of another."""

    name = ComposedCharField(max_length=200, unique=True)
    time_zone = models.CharField(
        max_length=64, default="America/Los_Angeles", validators=[validate_zone]
    )
    country = models.CharField(max_length=2, default="US", validators=[country_code])
    currency = models.CharField(max_length=3, default="USD", validators=[validate_currency])
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "businesses"
        ordering = ["name"]
        constraints = [
            # PostgreSQL raises an error for an unknown zone: one such row would break every
            # statement that computes local days.
            models.CheckConstraint(
                name="business_time_zone_known",
                condition=Q(
                    Func(
                        F("time_zone"),
                        Value("1970-01-01T00:00:00+00:00", output_field=models.CharField()),
                        template="timezone(%(expressions)s::timestamptz) IS NOT NULL",
                        output_field=models.BooleanField(),
                    )
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.time_zone = canonical_zone(self.time_zone)
        super().clean_fields(exclude)

    def save(self, **kwargs: Any) -> None:
        validate_zone(self.time_zone)
        self.time_zone = canonical_zone(self.time_zone)
        super().save(**kwargs)

    @property
    def clock(self) -> BusinessClock:
        return BusinessClock(self.time_zone, self.country)

    def now(self) -> datetime:
        """Return the current time in the business's time zone."""
        return timezone.now().astimezone(ZoneInfo(self.time_zone))

    def today(self, at: datetime | None = None) -> date:
        """Return the business's local day at the instant `at`, by default now."""
        return local_day(at or timezone.now(), self.time_zone)


class NamedModel(HasPublicId, BelongsToBusiness):
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = ComposedCharField(max_length=200)

    class Meta:
        abstract = True
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="%(class)s_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Brand(NamedModel):
    class Meta(NamedModel.Meta):
        pass


class Agent(NamedModel):
    """The source of a sale: a store, or a route that a van drives."""

    class Kind(models.TextChoices):
        STORE = "STORE", "Store"
        ROUTE = "ROUTE", "Route"

    kind = models.CharField(max_length=5, choices=Kind, default=Kind.STORE)

    class Meta(NamedModel.Meta):
        pass


class Employee(NamedModel, HasExternalId):
    class Role(models.TextChoices):
        DRIVER = "DRIVER", "Driver"
        COUNTER = "COUNTER", "Counter"

    role = models.CharField(max_length=7, choices=Role, default=Role.COUNTER)

    class Meta(NamedModel.Meta):
        # Two employees may have the same name.
        constraints = [unique_external_id("employee")]
        indexes = [models.Index("business", "name", name="employee_by_name")]


class Department(NamedModel):
    class Meta(NamedModel.Meta):
        pass


class CustomerGroup(NamedModel):
    class Meta(NamedModel.Meta):
        pass


class Discount(NamedModel):
    class Kind(models.TextChoices):
        PERCENT = "PERCENT", "Percent"
        AMOUNT = "AMOUNT", "Amount"

    description = ComposedCharField(max_length=500, blank=True)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PERCENT)
    value = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta(NamedModel.Meta):
        constraints = [
            *NamedModel.Meta.constraints,
            models.CheckConstraint(
                name="discount_within_reason",
                condition=Q(value__gte=0) & (Q(kind="AMOUNT") | Q(value__lte=100)),
                violation_error_message="A discount is at least 0 and, in percent, at most 100.",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        if self.kind != self.Kind.AMOUNT or None in (self.value, self.business_id):
            return  # The form has an error at the field that is empty.
        try:
            exact_amount(self.value, self.business.currency, "value")
        except ValueError as error:
            raise ValidationError({"value": str(error)}) from error

    @property
    def deduction(self) -> Deduction:
        return Deduction(self.value, in_percent=self.kind == self.Kind.PERCENT)
