"""Form fields of numbers, with the rules of the API: see `customers.numbers`."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from customers.money import exact_decimals
from customers.numbers import HOW_TO_WRITE, read_number


def _read(field: forms.Field, value: Any, places: int) -> Decimal:
    try:
        number = read_number(value)
    except ValueError as error:
        message = f"{field.error_messages['invalid']} {HOW_TO_WRITE}"
        raise ValidationError(message, code="invalid") from error
    try:
        return exact_decimals(number, places, str(field.label or "number").lower())
    except ValueError as error:
        raise ValidationError(str(error), code="max_decimal_places") from error


class ExactDecimalFormField(forms.DecimalField):
    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        return _read(self, value, self.decimal_places or 0)


class WholeNumberFormField(forms.IntegerField):
    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        return int(_read(self, value, 0))


NUMBER_FIELDS: dict[Any, dict[str, Any]] = {
    models.DecimalField: {"form_class": ExactDecimalFormField},
    models.IntegerField: {"form_class": WholeNumberFormField},
    models.BigIntegerField: {"form_class": WholeNumberFormField},
}
"""For the `formfield_overrides` of an admin page."""
