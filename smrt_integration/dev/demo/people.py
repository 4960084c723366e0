"""Made-up customers: some tell everything about themselves, some next to nothing."""

from random import Random
from typing import Any

from customers.models import Customer
from smrt_integration.dev.demo.businesses import Firm
from smrt_integration.dev.demo.places import Place, email

# Of ten people, how many give it.
EMAIL, PHONE, ADDRESS = 8, 9, 7


def person(firm: Firm, random: Random, number: int) -> dict[str, Any]:
    """The fields of a customer to be; `number` keeps apart those who share a name."""
    place = firm.demo.place
    first_name, last_name = random.choice(place.first_names), random.choice(place.last_names)
    details: dict[str, Any] = {"first_name": first_name, "last_name": last_name}
    if gives(random, EMAIL):
        details["email"] = email(first_name, last_name, number)
    if gives(random, PHONE):
        details |= {"phone": place.phone(number), "phone_is_mobile": random.choice((True, False, None))}
    if gives(random, ADDRESS):
        details |= address(place, random)
    return details | account(firm, random)


def address(place: Place, random: Random) -> dict[str, str]:
    city, state, postal_code = random.choice(place.towns)
    return {"street": place.street(random), "city": city, "state": state, "postal_code": postal_code, "country": place.country}


def account(firm: Firm, random: Random) -> dict[str, Any]:
    """How the customer stands with the business."""
    return {
        "agent": random.choice([*firm.stores, *firm.routes, None]),
        "brand": random.choice([*firm.brands, None]),
        "group": random.choice([*firm.groups, None, None]),
        "discount": random.choice([*firm.discounts, None, None, None]),
        "payment_term": random.choice(Customer.PaymentTerm.values),
        "card_on_file": random.random() < 0.5,
        "receive_emails": random.random() < 0.9,
        "receive_texts": random.random() < 0.7,
    }


def gives(random: Random, out_of_ten: int) -> bool:
    return random.randrange(10) < out_of_ten
