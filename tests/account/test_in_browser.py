"""The pages in a real browser without JavaScript, as wide as a phone and a desktop."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from customers.models import Customer, PickupRequest
from tests.account.browser import check_width, chromium, page
from tests.account.conftest import link_to
from tests.factories import LineItemFactory, OrderFactory, PickupRequestFactory

__all__ = ["chromium", "page"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


def test_a_customer_opens_the_link_schedules_a_pickup_and_cancels_it(
    page: Page, customer: Customer
) -> None:
    today = customer.business.today()
    OrderFactory.create(customer=customer, number="7KQ2MXPA")
    OrderFactory.create(customer=customer, ready=True, number="ADWQGU5Z")
    PickupRequestFactory.create(customer=customer, pickup_date=today + timedelta(days=9))

    page.goto(link_to(customer))
    assert page.url.endswith("/account/")
    check_width(page, "home")
    page.get_by_role("link", name="Schedule a pickup").click()
    page.get_by_label("Day").fill((today - timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Schedule the pickup").click()
    check_width(page, "schedule-refused")
    page.get_by_label("Day").fill((today + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Schedule the pickup").click()
    assert "is scheduled." in page.get_by_role("status").inner_text()
    check_width(page, "scheduled")
    page.get_by_role("link", name="Cancel the pickup").first.click()
    check_width(page, "cancel")
    page.get_by_role("button", name="Cancel the pickup").click()
    assert "is canceled." in page.get_by_role("status").inner_text()
    assert [pickup.status for pickup in PickupRequest.objects.order_by("pickup_date")] == [
        "canceled",
        "scheduled",
    ]


def test_a_customer_looks_at_orders_and_changes_what_we_send(
    page: Page, customer: Customer
) -> None:
    order = OrderFactory.create(customer=customer, number="7KQ2MXPA")
    LineItemFactory.create(
        order=order,
        description="Evening dress, silk, with beads and a stain of red wine at the hem",
    )
    page.goto(link_to(customer))
    for name in ("Orders", "Details", "Account"):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        if name == "Orders":
            page.locator("summary").first.click()
        check_width(page, name.lower())
    page.goto("/account/messages")
    check_width(page, "messages")
    page.get_by_label("Send me texts").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Ask for regular pickups").click()
    check_width(page, "regular")
    page.get_by_role("button", name="Ask for regular pickups").click()
    page.get_by_role("button", name="Log out").click()
    check_width(page, "left")
    customer.refresh_from_db()
    assert (customer.receive_texts, customer.delivery_preference) == (
        False,
        "Route Approval Pending",
    )


def test_a_new_customer_signs_up(page: Page, customer: Customer) -> None:
    page.goto(f"/join/{customer.business.uuid}")
    page.get_by_label("Phone").fill("12")
    page.get_by_role("button", name="Sign up").click()
    check_width(page, "join-refused")
    described = page.get_by_label("Phone").get_attribute("aria-describedby")
    assert (
        page.locator(f"#{described}").inner_text()
        == "Error: 12 is not a possible phone number. Enter it with its area code."
    )
    assert page.locator(":focus").inner_text().startswith("Please correct this")
    page.get_by_label("First name").fill("Bea")
    page.get_by_label("Phone").fill("(415) 555 0177")
    page.get_by_role("button", name="Sign up").click()
    assert page.get_by_role("heading", name="Hello, Bea").is_visible()
    assert Customer.objects.get(first_name="Bea").phone == "+14155550177"


def test_a_customer_chooses_between_their_change_and_another(
    page: Page, customer: Customer
) -> None:
    page.goto(link_to(customer))
    page.get_by_role("navigation").get_by_role("link", name="Details").click()
    Customer.objects.filter(pk=customer.pk).update(street="2 New Road")
    page.get_by_label("Street and number").fill("3 Old Road, in the yard, second door on the left")
    page.get_by_role("button", name="Save").click()
    check_width(page, "details-changed-by-both")
    page.get_by_role("group", name="Street and number").get_by_label("Keep yours").check()
    page.get_by_role("button", name="Save").click()
    assert "Your details are saved." in page.get_by_role("status").inner_text()
    customer.refresh_from_db()
    assert customer.street.startswith("3 Old Road")
