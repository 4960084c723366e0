"""Every customer page passes axe's rules in both colour schemes and fits the screen.

With little, much or very long data.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page

from customers.models import Business, Customer
from devtools.chromium import SIZES
from tests.account.browser import check_width, chromium, scripted_page
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

__all__ = ["chromium", "scripted_page"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SIZE_OF_A_DESKTOP = dict(zip(("width", "height"), SIZES["desktop"], strict=True))
LONG = "Wolfeschlegelsteinhausenbergerdorff"


def empty(business: Business) -> Customer:
    """Create a customer without details and orders."""
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
    """Create a customer with values as long as the columns allow, without spaces."""
    brand = BrandFactory.create(business=business, name=(LONG * 6)[:200])
    values = {
        "first_name": (LONG * 5)[:150],
        "last_name": (LONG * 5)[:150],
        "street": (LONG * 9)[:300],
        "city": (LONG * 5)[:150],
    }
    customer = CustomerFactory.create(
        business=business, brand=brand, email=f"{'x' * 240}@example.com", **values
    )
    order = OrderFactory.create(customer=customer, number="N" * 20)
    LineItemFactory.create(order=order, description=(LONG * 6)[:200])
    PickupRequestFactory.create(customer=customer)
    return customer


@pytest.mark.parametrize(
    "new_customer", [empty, full, long_named], ids=lambda new_customer: new_customer.__name__
)
def test_every_customer_page_is_accessible(
    scripted_page: Page, business: Business, new_customer: Callable[[Business], Customer]
) -> None:
    customer = new_customer(business)
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
    problems = {
        name: problems_here
        for name, address in addresses.items()
        if (problems_here := problems_of(scripted_page, address, f"{new_customer.__name__}-{name}"))
    }
    assert problems == {}


def problems_of(page: Page, address: str, name: str) -> list[str]:
    page.goto(address)
    for order in page.locator("summary").all()[:3]:
        order.click()
    check_width(page, name)
    problems_here = []
    # The dark scheme at one width only: colours do not depend on the width.
    for scheme in ("light", "dark") if page.viewport_size == SIZE_OF_A_DESKTOP else ("light",):
        page.emulate_media(color_scheme=scheme)
        problems_here += [f"{scheme}: {problem}" for problem in serious_violations(page)]
    if page.get_by_role("heading", level=1).count() != 1:
        problems_here.append("not one heading")
    return problems_here


def test_the_accessibility_rules_find_a_missing_label(
    scripted_page: Page, customer: Customer
) -> None:
    scripted_page.goto(link_to(customer))
    scripted_page.goto("/account/details")
    scripted_page.evaluate(
        "document.querySelectorAll('label, [autocomplete=email]').forEach(one => one.remove())"
    )
    assert any(problem.startswith("label:") for problem in serious_violations(scripted_page))
