"""Phone numbers of records are stored as E.164."""

from typing import Any

from django.core.exceptions import ValidationError

from customers.phones import ImpossibleNumber, normalise_phone


def normalise_phone_field(record: Any, field: str) -> None:
    """Replace the number in the field by E.164, read as dialed in the country of the business.

    Raises ValidationError for an impossible number. A number that starts with + needs no country,
    so the business is not queried.
    """
    number: str = getattr(record, field)
    if not number:
        return
    country = None if number.startswith("+") else record.business.country
    try:
        setattr(record, field, normalise_phone(number, country))
    except ImpossibleNumber as error:
        raise ValidationError({field: str(error)}, code="phone") from error
