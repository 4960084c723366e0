"""Made-up customers: some tell everything about themselves, some next to nothing."""

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

from customers.models import Customer
from devtools.demo.businesses import DemoBusiness
from devtools.demo.places import Place, email

# Of ten people, how many give it.
EMAILS_IN_TEN, PHONES_IN_TEN, ADDRESSES_IN_TEN = 8, 9, 7


class BusinessOptions(Protocol):
    """What people are given of a business: its records, for the past that is written at once, or their ids, for the API."""

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
    """The fields of a customer to be; `number` keeps apart those who share a name."""
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
    """How the customer stands with the business."""
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
    """As the API takes a customer: the address is a part of its own."""
    parts = ("street", "city", "state", "postal_code", "country")
    address = {part: details[part] or None for part in parts if part in details}
    return {name: value for name, value in details.items() if name not in parts} | (
        {"address": address} if address else {}
    )
