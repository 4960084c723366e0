"""Custom fields of a business, and the customers' values."""

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Right
from django.utils import timezone

from customers import dates
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
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.TEXT)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="customfield_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class CustomFieldValue(BelongsToBusiness):
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="custom_values", db_index=False
    )
    field = models.ForeignKey(
        CustomField, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    value = models.TextField(blank=True)
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
        return f"Value {self.pk}"

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
        self.value = day

    def tenant_id(self) -> int | None:
        return self.customer.business_id
