"""What customers do by themselves on the website: on the pages of their account, which they open by their link, and at /join/."""

from collections.abc import Mapping
from random import Random
from typing import Final

from devtools.demo import people
from devtools.demo.api import Row
from devtools.demo.browser import Page
from devtools.demo.places import email
from devtools.demo.shop import Shop
from devtools.demo.whom import called, link_of, one_of, some_customer, some_pickup, soon
from devtools.demo.wire import Refused

REFERRALS: Final = ("A friend", "Search engine", "Walked by", "Flyer")
ADDRESS: Final = ("street", "city", "state", "postal_code")
SIGN_UP: Final = (
    "first_name",
    "last_name",
    "email",
    "phone",
    *ADDRESS,
    "receive_emails",
    "receive_texts",
)
"""The fields of the page that a person fills in."""


def sign_up(shop: Shop, random: Random) -> str | None:
    """On the website of the business, or of one of its brands."""
    number = random.randrange(1000)
    details = people.person(shop, random, number)
    # the page asks for one of the two
    details.setdefault("email", email(details["first_name"], details["last_name"], number))
    entered: dict[str, str | bool] = {name: details[name] for name in SIGN_UP if name in details}
    brand = random.choice([*shop.brands, None])
    with shop.doors.browser(random) as browser:
        browser.send(
            browser.open(f"/join/{shop.uuid}" + (f"?brand={brand}" if brand else "")), entered
        )
    return f"{details['first_name']} {details['last_name']} signed up on the website"


def schedule_pickup(shop: Shop, random: Random) -> str | None:
    customer, day = some_customer(shop, random), soon(shop, random)
    if customer is None:
        return None
    _fill_in(shop, random, customer, "Schedule a pickup", {"pickup_date": day.isoformat()})
    return f"{called(customer)} scheduled a pickup for {day} on the website"


def cancel_pickup(shop: Shop, random: Random) -> str | None:
    pickup = some_pickup(shop, random)
    if pickup is None:
        return None
    customer = shop.till.get(f"customers/{pickup['customer']}")
    with shop.doors.browser(random) as browser:
        home = browser.open(link_of(customer))
        asked = next((address for address in home.links.values() if pickup["id"] in address), None)
        if asked is None:
            return None
        browser.send(browser.open(asked), {})
    return f"{called(customer)} canceled the pickup on {pickup['pickup_date']} on the website"


def request_regular_pickups(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    with shop.doors.browser(random) as browser:
        home = browser.open(link_of(customer))
        # Whoever is on a route, or asked before, finds no such link; an old one leads to a page that says so.
        page = browser.open(home.links.get("Ask for regular pickups", "/account/regular"))
        page.form()
        browser.send(page, {} if customer["address"] else _address(shop, random))
    return f"{called(customer)} asked to be added to a regular route"


def change_email(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    another = email(customer["first_name"], customer["last_name"], random.randrange(1000))
    _fill_in(shop, random, customer, "Change your details", {"email": another})
    return f"{called(customer)} gave another email address"


def change_phone(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    _fill_in(
        shop,
        random,
        customer,
        "Change your details",
        {"phone": shop.demo.place.phone(random.randrange(1000))},
    )
    return f"{called(customer)} gave another telephone number"


def move(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    details = _address(shop, random)
    _fill_in(shop, random, customer, "Change your details", details)
    return f"{called(customer)} moved to {details['street']}"


def choose_messages(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    wishes = people.account(shop, random)
    chosen = {name: wishes[name] for name in ("receive_emails", "receive_texts")}
    _fill_in(shop, random, customer, "Choose which messages you get", chosen)
    names = [name.removeprefix("receive_") for name, wanted in chosen.items() if wanted]
    return f"{called(customer)} wants to get {' and '.join(names) or 'no messages'}"


def answer_question(shop: Shop, random: Random) -> str | None:
    """On the business's own website, whose backend calls the API: the account's pages have no such question."""
    customer = some_customer(shop, random)
    question = one_of(
        [field for field in shop.site.every("custom-fields") if field["kind"] == "TEXT"], random
    )
    if customer is None or question is None:
        return None
    shop.site.patch(
        f"customers/{customer['id']}",
        custom_fields=[{"field": question["id"], "value": random.choice(REFERRALS)}],
    )
    return f"{called(customer)} answered the question {question['name']}"


def _fill_in(
    shop: Shop, random: Random, customer: Row, link: str, entered: Mapping[str, str | bool]
) -> Page:
    """Open the account, follow the link there, fill in the form and send it."""
    with shop.doors.browser(random) as browser:
        home = browser.open(link_of(customer))
        if link not in home.links:
            raise Refused(f"The account has no link called {link}.")
        return browser.send(browser.open(home.links[link]), entered)


def _address(shop: Shop, random: Random) -> dict[str, str]:
    found = people.address(shop.demo.place, random)
    return {name: found[name] for name in ADDRESS}
