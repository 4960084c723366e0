"""Addresses of customers, stops and requests."""

from typing import TypedDict

from django.core.validators import RegexValidator
from django.db import models

from customers.composed import ComposedCharField

country_code = RegexValidator(
    r"\A[A-Z]{2}\Z", "Use the country's two capital letters (ISO 3166), for example US."
)


class AddressDict(TypedDict):
    street: str | None
    city: str | None
    state: str | None
    postalCode: str | None
    country: str | None


def address_dict(
    street: str, city: str, state: str, postal_code: str, country: str
) -> AddressDict | None:
    """Return the address as sent, or None when all parts are empty.

    An empty part is None, so that Segment clears a value that was sent before.
    """
    if not (street or city or state or postal_code or country):
        return None
    return {
        "street": street or None,
        "city": city or None,
        "state": state or None,
        "postalCode": postal_code or None,
        "country": country or None,
    }


class HasAddress(models.Model):
    street = ComposedCharField(max_length=300, blank=True)
    city = ComposedCharField(max_length=150, blank=True)
    state = ComposedCharField(max_length=150, blank=True)
    postal_code = ComposedCharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, blank=True, validators=[country_code])

    class Meta:
        abstract = True

    @property
    def address(self) -> AddressDict | None:
        return address_dict(self.street, self.city, self.state, self.postal_code, self.country)

    @property
    def can_be_driven_to(self) -> bool:
        """Whether a van finds this address. It needs the street, and the city or postal code."""
        return bool(self.street.strip() and (self.city.strip() or self.postal_code.strip()))

    def copy_address(self, other: "HasAddress") -> None:
        self.street, self.city, self.state = other.street, other.city, other.state
        self.postal_code, self.country = other.postal_code, other.country

    def set_address(self, address: AddressDict) -> None:
        self.street, self.city, self.state = (
            address["street"] or "",
            address["city"] or "",
            address["state"] or "",
        )
        self.postal_code, self.country = address["postalCode"] or "", address["country"] or ""
