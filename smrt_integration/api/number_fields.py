"""Serializer fields of numbers. They take what tills send, and refuse what only Python reads."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.models.line_item import MAX_PIECES, SMALLEST_QUANTITY
from customers.money import exact_amount, exact_decimals
from customers.numbers import HOW_TO_WRITE, read_number, shortest


def parsed(data: Any, invalid: str) -> Decimal:
    """Return the number in a request. Raises ValidationError with `invalid` and the remedy."""
    try:
        return read_number(data)
    except ValueError as error:
        raise serializers.ValidationError(f"{invalid} {HOW_TO_WRITE}", "invalid") from error


def noun(field: "serializers.Field[Any, Any, Any, Any]") -> str:
    """Return what a sentence calls the value of the field."""
    return (field.field_name or "number").replace("_", " ")


class ExactDecimalField(serializers.DecimalField):
    """A number with a few decimals. A float's error is corrected, more decimals are refused."""

    default_error_messages = {
        "invalid": "A valid number is required.",
        "max_whole_digits": "The {name} may have at most {digits} digits before the decimal point.",
    }

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Treat an empty text as null where that is allowed, without formatting other values."""
        if data == "" and self.allow_null:
            return True, None
        return serializers.Field.validate_empty_values(self, data)

    def to_internal_value(self, data: Any) -> Decimal:
        number = parsed(data, str(self.error_messages["invalid"]))
        digits = (self.max_digits or 0) - (self.decimal_places or 0)
        if abs(number) >= 10**digits:
            self.fail("max_whole_digits", name=noun(self), digits=digits)
        try:
            return self.exact(number)
        except ValueError as error:
            raise serializers.ValidationError(str(error), "max_decimal_places") from error

    def exact(self, number: Decimal) -> Decimal:
        """Return the number with the field's decimals. Raises ValueError with the remedy."""
        return exact_decimals(number, self.decimal_places or 0, noun(self))


class MoneyField(ExactDecimalField):
    """An amount of at least 0 in whole coins of the business's currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, min_value=Decimal(0), **kwargs)

    def exact(self, number: Decimal) -> Decimal:
        return exact_amount(number, self.context["view"].business.currency, noun(self))


class WholeNumberField(serializers.IntegerField):
    """A count. It may be written as 2, 2.0 or "2"."""

    def to_internal_value(self, data: Any) -> int:
        number = parsed(data, str(self.error_messages["invalid"]))
        try:
            return int(exact_decimals(number, 0, noun(self)))
        except ValueError as error:
            raise serializers.ValidationError(
                f"{self.error_messages['invalid']} {error}", "invalid"
            ) from error


@extend_schema_field(
    {
        "type": "number",
        "format": "decimal",
        "minimum": float(SMALLEST_QUANTITY),
        "maximum": MAX_PIECES,
    }
)
class QuantityField(ExactDecimalField):
    """A quantity of up to three decimals, more than 0. Whole ones are written without a point."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=13,
            decimal_places=3,
            coerce_to_string=False,
            min_value=SMALLEST_QUANTITY,
            max_value=MAX_PIECES,
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> Any:
        return shortest(super().to_internal_value(data))

    def to_representation(self, value: int | Decimal) -> Any:
        return value if isinstance(value, int) else float(value)
