"""Made-up customers. Some have all their details, some almost none."""

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

from customers.models import Customer
from devtools.demo.businesses import DemoBusiness
from devtools.demo.places import Place, email

# Customers in ten who have an email address, a phone number, an address.
EMAILS_IN_TEN, PHONES_IN_TEN, ADDRESSES_IN_TEN = 8, 9, 7


class BusinessOptions(Protocol):
    """The options of customers and orders: records for the past, or ids for the API."""

    @property
    def demo(self) -> DemoBusiness: ...
    @property
    def stores(self) -> Sequence[Any]: ...
    @property
    def routes(self) -> Sequence[Any]: ...
    @property
    def brands(self) -> Sequence[Any]: ...
    @property
    def groups(self) -> Sequence[Any]: ...
    @property
    def discounts(self) -> Sequence[Any]: ...
    @property
    def departments(self) -> Sequence[Any]: ...


def random_customer(options: BusinessOptions, random: Random, number: int) -> dict[str, Any]:
    """Return the fields of a new customer; `number` makes the email and the phone unique."""
    place = options.demo.place
    first_name, last_name = random.choice(place.first_names), random.choice(place.last_names)
    details: dict[str, Any] = {"first_name": first_name, "last_name": last_name}
    if is_given(random, EMAILS_IN_TEN):
        details["email"] = email(first_name, last_name, number)
    if is_given(random, PHONES_IN_TEN):
        details |= {
            "phone": place.phone(number),
            "phone_is_mobile": random.choice((True, False, None)),
        }
    if is_given(random, ADDRESSES_IN_TEN):
        details |= random_address(place, random)
    return details | random_account_fields(options, random)


def random_address(place: Place, random: Random) -> dict[str, str]:
    city, state, postal_code = random.choice(place.towns)
    return {
        "street": place.street(random),
        "city": city,
        "state": state,
        "postal_code": postal_code,
        "country": place.country,
    }


def random_account_fields(options: BusinessOptions, random: Random) -> dict[str, Any]:
    """Return the random fields of the account."""
    return {
        "agent": random.choice([*options.stores, *options.routes, None]),
        "brand": random.choice([*options.brands, None]),
        "group": random.choice([*options.groups, None, None]),
        "discount": random.choice([*options.discounts, None, None, None]),
        "payment_term": random.choice(Customer.PaymentTerm.values),
        "card_on_file": random.random() < 0.5,
        "receive_emails": random.random() < 0.9,
        "receive_texts": random.random() < 0.7,
    }


def is_given(random: Random, out_of_ten: int) -> bool:
    return random.randrange(10) < out_of_ten


def customer_as_json(details: dict[str, Any]) -> dict[str, Any]:
    """Return a customer as the API reads it, with the address as an object."""
    parts = ("street", "city", "state", "postal_code", "country")
    address = {part: details[part] or None for part in parts if part in details}
    return {name: value for name, value in details.items() if name not in parts} | (
        {"address": address} if address else {}
    )
