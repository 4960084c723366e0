"""Every page of the customer's: judged by axe's rules in both lights, no wider than the screen, whatever there is to show."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page

from customers.models import Business, Customer
from devtools.chromium import SIZES
from tests.account.browser import chromium, judged, look
from tests.account.conftest import link_to
from tests.browser.test_accessibility import serious_violations
from tests.factories import (
    BrandFactory,
    CustomerFactory,
    LineItemFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

__all__ = ["chromium", "judged"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SIZE_OF_A_DESKTOP = dict(zip(("width", "height"), SIZES["desktop"], strict=True))
LONG = "Wolfeschlegelsteinhausenbergerdorff"


def empty(business: Business) -> Customer:
    """Somebody of whom nothing is known, at whom nothing happened."""
    return CustomerFactory.create(
        business=business, bare=True, email="", phone="", first_name="", last_name=""
    )


def full(business: Business) -> Customer:
    customer = CustomerFactory.create(business=business)
    today = business.today()
    for days in range(12):
        PickupRequestFactory.create(customer=customer, pickup_date=today + timedelta(days=3 * days))
        StopFactory.create(
            customer=customer, business=business, scheduled_for=today + timedelta(days=7 * days + 1)
        )
    for number in range(30):
        states: list[dict[str, Any]] = [
            {},
            {"ready": True},
            {"status": "returned", "returned_at": customer.created_at},
        ]
        order = OrderFactory.create(
            customer=customer,
            number=f"7KQ2MX{number:02}",
            total=Decimal("1234567.89"),
            **states[number % 3],
        )
        LineItemFactory.create_batch(
            number % 4,
            order=order,
            description="Evening dress, silk, with beads and a stain of red wine",
        )
    return customer


def long_named(business: Business) -> Customer:
    """As long as the columns allow, with nowhere to break."""
    brand = BrandFactory.create(business=business, name=(LONG * 6)[:200])
    said = {
        "first_name": (LONG * 5)[:150],
        "last_name": (LONG * 5)[:150],
        "street": (LONG * 9)[:300],
        "city": (LONG * 5)[:150],
    }
    customer = CustomerFactory.create(
        business=business, brand=brand, email=f"{'x' * 240}@example.com", **said
    )
    order = OrderFactory.create(customer=customer, number="N" * 20)
    LineItemFactory.create(order=order, description=(LONG * 6)[:200])
    PickupRequestFactory.create(customer=customer)
    return customer


@pytest.mark.parametrize("made", [empty, full, long_named], ids=lambda made: made.__name__)
def test_every_page_of_an_account(
    judged: Page, business: Business, made: Callable[[Business], Customer]
) -> None:
    customer = made(business)
    pickup = customer.pickup_requests.first() or PickupRequestFactory.create(
        customer=CustomerFactory.create(business=business)
    )
    brand = f"?brand={customer.brand.uuid}" if customer.brand else ""
    addresses = {
        "closed": "/account/closed",
        "home": link_to(customer),
        "orders": "/account/orders",
        "older-orders": "/account/orders?page=2",
        "schedule": "/account/pickups/new",
        "cancel": f"/account/pickups/{pickup.uuid}/cancel",
        "missing": f"/account/pickups/{uuid4()}/cancel",
        "regular": "/account/regular",
        "details": "/account/details",
        "messages": "/account/messages",
        "join": f"/join/{business.uuid}{brand}",
    }
    found = {
        name: troubles
        for name, address in addresses.items()
        if (troubles := troubles_at(judged, address, f"{made.__name__}-{name}"))
    }
    assert found == {}


def troubles_at(page: Page, address: str, name: str) -> list[str]:
    page.goto(address)
    for order in page.locator("summary").all()[:3]:
        order.click()
    look(page, name)
    troubles = []
    # in the dark on one width only: colours do not depend on it
    for scheme in ("light", "dark") if page.viewport_size == SIZE_OF_A_DESKTOP else ("light",):
        page.emulate_media(color_scheme=scheme)
        troubles += [f"{scheme}: {trouble}" for trouble in serious_violations(page)]
    if page.get_by_role("heading", level=1).count() != 1:
        troubles.append("not one heading")
    return troubles


def test_the_rules_are_applied(judged: Page, customer: Customer) -> None:
    judged.goto(link_to(customer))
    judged.goto("/account/details")
    judged.evaluate(
        "document.querySelectorAll('label, [autocomplete=email]').forEach(one => one.remove())"
    )
    assert any(trouble.startswith("label:") for trouble in serious_violations(judged))
