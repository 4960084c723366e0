"""Actions of customers: on their account's pages, which a link opens, and at /join/."""

from collections.abc import Mapping
from random import Random
from typing import Final

from devtools.demo import people
from devtools.demo.api_client import Row
from devtools.demo.choices import (
    choose,
    choose_customer,
    choose_pickup,
    choose_pickup_date,
    customer_link,
    customer_name,
)
from devtools.demo.http_client import Refused
from devtools.demo.places import email
from devtools.demo.remote_business import RemoteBusiness
from devtools.demo.simple_browser import Page

REFERRALS: Final = ("A friend", "Search engine", "Walked by", "Flyer")
ADDRESS_FIELDS: Final = ("street", "city", "state", "postal_code")
SIGN_UP_FIELDS: Final = (
    "first_name",
    "last_name",
    "email",
    "phone",
    *ADDRESS_FIELDS,
    "receive_emails",
    "receive_texts",
)
"""The fields of the sign-up page that a person fills in."""


def sign_up(business: RemoteBusiness, random: Random) -> str | None:
    """Sign up on the page of the business or of one of its brands."""
    number = random.randrange(1000)
    details = people.random_customer(business, random, number)
    # the page requires an email address or a phone number
    details.setdefault("email", email(details["first_name"], details["last_name"], number))
    entered: dict[str, str | bool] = {
        name: details[name] for name in SIGN_UP_FIELDS if name in details
    }
    brand = random.choice([*business.brands, None])
    with business.servers.browser(random) as browser:
        browser.send(
            browser.open(f"/join/{business.uuid}" + (f"?brand={brand}" if brand else "")), entered
        )
    return f"{details['first_name']} {details['last_name']} signed up on the website"


def schedule_pickup(business: RemoteBusiness, random: Random) -> str | None:
    customer, day = choose_customer(business, random), choose_pickup_date(business, random)
    if customer is None:
        return None
    fields = {"pickup_date": day.isoformat()}
    if not customer["address"]:
        fields |= _random_address_fields(business, random)
    _fill_in(business, random, customer, "Schedule a pickup", fields)
    return f"{customer_name(customer)} scheduled a pickup for {day} on the website"


def cancel_pickup(business: RemoteBusiness, random: Random) -> str | None:
    pickup = choose_pickup(business, random)
    if pickup is None:
        return None
    customer = business.till.get(f"customers/{pickup['customer']}")
    with business.servers.browser(random) as browser:
        home = browser.open(customer_link(customer))
        link = next((address for address in home.links.values() if pickup["id"] in address), None)
        if link is None:
            return None
        browser.send(browser.open(link), {})
    return (
        f"{customer_name(customer)} canceled the pickup on {pickup['pickup_date']} on the website"
    )


def request_regular_pickups(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    with business.servers.browser(random) as browser:
        home = browser.open(customer_link(customer))
        # Without the link (the customer is on a route, say) the page explains why.
        page = browser.open(home.links.get("Ask for regular pickups", "/account/regular"))
        page.form()
        browser.send(page, {} if customer["address"] else _random_address_fields(business, random))
    return f"{customer_name(customer)} requested regular pickups"


def change_email(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    another = email(customer["first_name"], customer["last_name"], random.randrange(1000))
    _fill_in(business, random, customer, "Change your details", {"email": another})
    return f"{customer_name(customer)} changed the email address"


def change_phone(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    _fill_in(
        business,
        random,
        customer,
        "Change your details",
        {"phone": business.demo.place.phone(random.randrange(1000))},
    )
    return f"{customer_name(customer)} changed the phone number"


def change_address(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    details = _random_address_fields(business, random)
    _fill_in(business, random, customer, "Change your details", details)
    return f"{customer_name(customer)} moved to {details['street']}"


def change_message_settings(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    settings = people.random_account_fields(business, random)
    chosen = {name: settings[name] for name in ("receive_emails", "receive_texts")}
    _fill_in(business, random, customer, "Choose emails and texts", chosen)
    names = [name.removeprefix("receive_") for name, wanted in chosen.items() if wanted]
    return f"{customer_name(customer)} chose to get {' and '.join(names) or 'no messages'}"


def fill_in_custom_field(business: RemoteBusiness, random: Random) -> str | None:
    """Fill in a custom field on the business's own website, whose backend calls the API."""
    customer = choose_customer(business, random)
    custom_field = choose(
        [field for field in business.site.list_rows("custom-fields") if field["kind"] == "TEXT"],
        random,
    )
    if customer is None or custom_field is None:
        return None
    business.site.patch(
        f"customers/{customer['id']}",
        custom_fields=[{"field": custom_field["id"], "value": random.choice(REFERRALS)}],
    )
    return f"{customer_name(customer)} filled in the custom field {custom_field['name']}"


def _fill_in(
    business: RemoteBusiness,
    random: Random,
    customer: Row,
    link: str,
    entered: Mapping[str, str | bool],
) -> Page:
    """Open the account, follow a link, fill in the form and send it."""
    with business.servers.browser(random) as browser:
        home = browser.open(customer_link(customer))
        if link not in home.links:
            raise Refused(f"The account has no link called {link}.")
        return browser.send(browser.open(home.links[link]), entered)


def _random_address_fields(business: RemoteBusiness, random: Random) -> dict[str, str]:
    address = people.random_address(business.demo.place, random)
    return {name: address[name] for name in ADDRESS_FIELDS}
