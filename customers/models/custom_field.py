"""Custom fields of a business, and the customers' values."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Right
from django.utils import timezone

from customers import dates
from customers.composed import ComposedCharField, ComposedTextField
from customers.errors import refuse_other_business, refused_if_invalid
from customers.models.business import Business
from customers.models.customer import Customer
from customers.models.public_id import HasPublicId
from customers.models.tenant import BelongsToBusiness


class CustomField(HasPublicId, BelongsToBusiness):
    """A field about customers that a business defines, such as the birthday."""

    class Kind(models.TextChoices):
        TEXT = "TEXT", "Text"
        DATE = "DATE", "Date"

    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = ComposedCharField(max_length=200)
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.TEXT)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="customfield_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def holds_birthdays(self) -> bool:
        """Return whether the field's name says so, or the owner chose it for the event."""
        return bool(BIRTHDAY_IN_NAME.search(self.name)) or any(
            is_chosen(self.pk) for is_chosen in chosen_for_birthdays
        )


BIRTHDAY_IN_NAME = re.compile(
    r"birth|\bd\.?o\.?b\b|born|geburt|geboren|naissance|anniversaire|nacimiento|cumplea|nasc"
    r"|anivers|compleanno|nascita|verjaar|geboorte|födel|誕生|生日|出生",
    re.IGNORECASE,
)
"""Owners may record birthdays before they choose the field for the event Customer Birthday."""
chosen_for_birthdays: list[Callable[[int], bool]] = []
"""Functions of other packages that tell whether a custom field (its pk) holds the birthday."""


class CustomFieldValue(BelongsToBusiness):
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="custom_values", db_index=False
    )
    field = models.ForeignKey(
        CustomField, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    value = ComposedTextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "field"], name="customfieldvalue_once_per_customer"
            )
        ]
        indexes = [
            # Month and day of a date: the birthday sweep. It also finds the values of a field.
            models.Index("field", Right("value", 5), name="customfieldvalue_by_day"),
        ]

    def __str__(self) -> str:
        return "Value of a custom field"

    def save(self, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is None or "value" in fields:
            self._normalise_date()
            self.updated_at = timezone.now()
            kwargs["update_fields"] = None if fields is None else {*fields, "updated_at"}
        super().save(**kwargs)

    def clean(self) -> None:
        if None in {self.__dict__["customer_id"], self.__dict__["field_id"]}:
            # The form reports the missing field.
            return
        super().clean()
        self._normalise_date()

    @classmethod
    @transaction.atomic
    def record(cls, customer: Customer, field: CustomField, value: str) -> Self:
        """Record the customer's value in a field, replacing an earlier one. "" clears the field."""
        refuse_other_business(customer.business_id, field=field)
        customer.lock()
        row = cls.objects.filter(customer=customer, field=field).first() or cls(customer=customer)
        before = row.value
        row.customer, row.field, row.value = customer, field, value
        with refused_if_invalid():
            row.clean_fields(exclude={"customer", "field"})
            row.clean()
        if row._state.adding or row.value != before:
            row.save()
        return row

    def _normalise_date(self) -> None:
        if not self.value or self.field.kind != CustomField.Kind.DATE:
            return
        day = dates.normalise_date(self.value)
        if day is None:
            raise ValidationError(
                {
                    "value": f"{self.field.name} must be a date like 1990-05-04 (YYYY-MM-DD)"
                    " or, without a year, 05-04 (MM-DD)."
                },
                code="date",
            )
        is_new = self.value != self.stored_value("value")
        self.value = day
        if is_new and self._is_unborn(day):
            raise ValidationError(
                {
                    "value": f"{self.field.name} is in the future. Enter the day of birth or,"
                    " if you do not know the year, month and day, such as 05-04."
                },
                code="future_date",
            )

    def _is_unborn(self, day: str) -> bool:
        """Return whether the field holds birthdays and the day is still to come."""
        # Most days are long past, which needs no query: a business's day is at most one behind UTC.
        yesterday = timezone.now().date() - timedelta(days=1)
        return (
            dates.is_future(day, yesterday)
            and dates.is_future(day, self.field.business.today())
            and self.field.holds_birthdays()
        )

    def tenant_id(self) -> int | None:
        return self.customer.business_id
