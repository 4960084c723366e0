"""Made-up customers: some tell everything about themselves, some next to nothing."""

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

from customers.models import Customer
from devtools.demo.businesses import DemoBusiness
from devtools.demo.places import Place, email

# Of ten people, how many give it.
EMAIL, PHONE, ADDRESS = 8, 9, 7


class Stock(Protocol):
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


def person(stock: Stock, random: Random, number: int) -> dict[str, Any]:
    """The fields of a customer to be; `number` keeps apart those who share a name."""
    place = stock.demo.place
    first_name, last_name = random.choice(place.first_names), random.choice(place.last_names)
    details: dict[str, Any] = {"first_name": first_name, "last_name": last_name}
    if gives(random, EMAIL):
        details["email"] = email(first_name, last_name, number)
    if gives(random, PHONE):
        details |= {
            "phone": place.phone(number),
            "phone_is_mobile": random.choice((True, False, None)),
        }
    if gives(random, ADDRESS):
        details |= address(place, random)
    return details | account(stock, random)


def address(place: Place, random: Random) -> dict[str, str]:
    city, state, postal_code = random.choice(place.towns)
    return {
        "street": place.street(random),
        "city": city,
        "state": state,
        "postal_code": postal_code,
        "country": place.country,
    }


def account(stock: Stock, random: Random) -> dict[str, Any]:
    """How the customer stands with the business."""
    return {
        "agent": random.choice([*stock.stores, *stock.routes, None]),
        "brand": random.choice([*stock.brands, None]),
        "group": random.choice([*stock.groups, None, None]),
        "discount": random.choice([*stock.discounts, None, None, None]),
        "payment_term": random.choice(Customer.PaymentTerm.values),
        "card_on_file": random.random() < 0.5,
        "receive_emails": random.random() < 0.9,
        "receive_texts": random.random() < 0.7,
    }


def gives(random: Random, out_of_ten: int) -> bool:
    return random.randrange(10) < out_of_ten


def in_json(details: dict[str, Any]) -> dict[str, Any]:
    """As the API takes a customer: the address is a part of its own."""
    parts = ("street", "city", "state", "postal_code", "country")
    address = {part: details[part] or None for part in parts if part in details}
    return {name: value for name, value in details.items() if name not in parts} | (
        {"address": address} if address else {}
    )
