"""A page that stood open while somebody else changed the record, in a real browser."""

from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from customers.models import Customer, IncomingText, PickupRequest
from customers.texts.receive_reply import ReceivedText, receive_reply
from tests.browser.conftest import Visitor
from tests.browser.test_accessibility import violations_in_both_modes
from tests.factories import PickupRequestFactory, TextSettingsFactory

NUMBER = "+15105550100"


def text_stop(customer: Customer) -> None:
    TextSettingsFactory.create(business=customer.business, enabled=True, number=NUMBER)
    texted = {"MessageSid": "SM1", "From": customer.phone, "To": NUMBER, "Body": "STOP"}
    receive_reply(ReceivedText.of(texted))
    assert IncomingText.objects.get().customer == customer


def is_within_the_screen(page: Page) -> bool:
    across: int = page.locator("html").evaluate("html => html.scrollWidth")
    assert page.viewport_size
    return across <= page.viewport_size["width"]


def test_a_page_that_stood_open_does_not_undo_a_stop(
    page: Page, visitor: Visitor, owner: User, customer: Customer
) -> None:
    visitor.is_logged_in(owner)
    page.goto(reverse("admin:customers_customer_change", args=[customer.pk]))
    expect(page.get_by_label("Receive texts")).to_be_checked()
    text_stop(customer)

    page.get_by_label("First name").fill("Bea")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    customer.refresh_from_db()
    assert (customer.first_name, customer.receive_texts) == ("Bea", False)


def test_two_people_who_change_the_same_choose(
    page: Page, visitor: Visitor, owner: User, customer: Customer, width: str
) -> None:
    visitor.is_logged_in(owner)
    page.goto(reverse("admin:customers_customer_change", args=[customer.pk]))
    Customer.objects.filter(pk=customer.pk).update(street="2 New Road", last_name="Sample")

    page.get_by_label("Street").fill("3 Old Road")
    page.get_by_label("First name").fill("Bea")
    page.get_by_role("button", name="Save", exact=True).click()

    asks = page.get_by_role("alert").filter(has_text="Nothing was saved yet")
    expect(asks).to_be_visible()
    expect(asks.get_by_role("group", name="Street")).to_be_visible()
    assert is_within_the_screen(page)
    assert violations_in_both_modes(page, width) == []

    asks.get_by_label("Yours: 3 Old Road").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    customer.refresh_from_db()
    assert (customer.first_name, customer.last_name, customer.street) == (
        "Bea",
        "Sample",
        "3 Old Road",
    )


def test_a_pickup_that_the_customer_canceled_keeps_its_day(
    page: Page, visitor: Visitor, owner: User, customer: Customer
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    visitor.is_logged_in(owner)
    page.goto(reverse("admin:customers_pickuprequest_change", args=[pickup.pk]))
    pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)

    page.locator("#id_pickup_date").fill("2030-01-01")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("the pickup request became canceled")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    day = pickup.pickup_date
    pickup.refresh_from_db()
    assert pickup.pickup_date == day
