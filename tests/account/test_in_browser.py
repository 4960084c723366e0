"""The pages in a real browser, without JavaScript: on a phone and a desktop."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from customers.models import Customer, PickupRequest
from smrt_integration.dev.browser import FLAGS, SIZES
from tests.account.conftest import link_to
from tests.browser.browser import chromium_path
from tests.factories import LineItemFactory, OrderFactory, PickupRequestFactory

SHOTS = os.environ.get("ACCOUNT_SHOTS")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django sees Playwright's event loop in this thread and refuses to query.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(params=SIZES)
def page(chromium: Browser, live_server: Any, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = SIZES[request.param]
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": height},
        java_script_enabled=False,
        is_mobile=request.param == "phone",
    )
    troubles: list[str] = []
    context.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    context.on("request", lambda sent: None if sent.url.startswith(live_server.url) else troubles.append(sent.url))
    context.on("response", lambda got: troubles.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page = context.new_page()
    yield page
    context.close()
    assert troubles == []


def look(page: Page, name: str) -> None:
    """Nothing sticks out to the side; with ACCOUNT_SHOTS set, pictures to look at are kept in that folder."""
    size = page.viewport_size
    assert size
    # a page that was just arrived at may have nothing in it yet
    page.wait_for_load_state()
    assert page.locator("html").evaluate("html => html.scrollWidth") <= size["width"], name
    for scheme in ("light", "dark") if SHOTS else ():
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{SHOTS}/{name}-{size['width']}-{scheme}.png", full_page=True)


def test_a_customer_comes_by_the_link_and_has_a_van_come_and_not_come(page: Page, customer: Customer) -> None:
    today = customer.business.today()
    OrderFactory.create(customer=customer, number="7KQ2MXPA")
    OrderFactory.create(customer=customer, ready=True, number="ADWQGU5Z")
    PickupRequestFactory.create(customer=customer, pickup_date=today + timedelta(days=9))

    page.goto(link_to(customer))
    assert page.url.endswith("/account/")
    look(page, "home")
    page.get_by_role("link", name="Schedule a pickup").click()
    page.get_by_label("Day").fill((today - timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Schedule the pickup").click()
    look(page, "schedule-refused")
    page.get_by_label("Day").fill((today + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Schedule the pickup").click()
    assert "is scheduled." in page.get_by_role("status").inner_text()
    look(page, "scheduled")
    page.get_by_role("link", name="Cancel the pickup").first.click()
    look(page, "cancel")
    page.get_by_role("button", name="Cancel the pickup").click()
    assert "is canceled." in page.get_by_role("status").inner_text()
    assert [pickup.status for pickup in PickupRequest.objects.order_by("pickup_date")] == ["canceled", "scheduled"]


def test_a_customer_looks_at_the_orders_and_says_how_to_be_reached(page: Page, customer: Customer) -> None:
    order = OrderFactory.create(customer=customer, number="7KQ2MXPA")
    LineItemFactory.create(order=order, description="Evening dress, silk, with beads and a stain of red wine at the hem")
    page.goto(link_to(customer))
    for name in ("Orders", "Details", "Account"):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        if name == "Orders":
            page.locator("summary").first.click()
        look(page, name.lower())
    page.goto("/account/messages")
    look(page, "messages")
    page.get_by_label("Send me text messages").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Ask for regular pickups").click()
    look(page, "regular")
    page.get_by_role("button", name="Ask for regular pickups").click()
    page.get_by_role("button", name="Leave").click()
    look(page, "left")
    customer.refresh_from_db()
    assert (customer.receive_texts, customer.delivery_preference) == (False, "Route Approval Pending")


def test_somebody_signs_up(page: Page, customer: Customer) -> None:
    page.goto(f"/join/{customer.business.uuid}")
    page.get_by_label("Phone").fill("12")
    page.get_by_role("button", name="Sign up").click()
    look(page, "join-refused")
    described = page.get_by_label("Phone").get_attribute("aria-describedby")
    assert page.locator(f"#{described}").inner_text() == "Error: 12 is not a possible phone number. Write it with its area code."
    assert page.locator(":focus").inner_text().startswith("Please correct this")
    page.get_by_label("First name").fill("Bea")
    page.get_by_label("Phone").fill("(415) 555 0177")
    page.get_by_role("button", name="Sign up").click()
    assert page.get_by_role("heading", name="Hello, Bea").is_visible()
    assert Customer.objects.get(first_name="Bea").phone == "+14155550177"
