"""The owner sends all customers and past events to Segment, pauses, and sees that it is done."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from customers.models import Business, Visit
from events.models import Integration
from tests.browser.conftest import Visitor
from tests.conftest import WRITE_KEY
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker


def test_an_owner_sends_all_customers_and_past_events(
    page: Page,
    owner: User,
    business: Business,
    segment: SegmentStandIn,
    start_worker: Callable[..., Worker],
) -> None:
    customers = CustomerFactory.create_batch(8, business=business)
    for customer in customers:
        Visit.record(customer, Visit.Type.SIGNUP, customer.created_at)
    # A signup is a visit, too.
    Integration.objects.create(
        business=business, enabled=True, write_key=WRITE_KEY, muted=["Customer Visit"]
    )
    visitor = Visitor(page)
    visitor.is_logged_in(owner)
    page.goto("/")
    visitor.go_to("Segment integration")
    expect(page.get_by_text("Segment does not know 8 of your 8 customers")).to_be_visible()
    page.get_by_role("link", name="Send all customers").click()
    page.get_by_text(f"Customer details of {customers[-1]}").click()
    expect(page.get_by_label("The message, as JSON").first).to_contain_text(customers[-1].email)
    assert segment.messages() == []

    page.get_by_role("button", name="Send 8 customers").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    start_worker()

    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("8 customers are sent or about to be sent.")).to_be_visible()
    arrived = segment.wait_for(8, WRITE_KEY)
    assert {one.message["userId"] for one in arrived} == {str(one.uuid) for one in customers}

    send_past_events(page, segment)
    count_what_to_send_again(page)


def send_past_events(page: Page, segment: SegmentStandIn) -> None:
    page.get_by_role("link", name="Segment integration").last.click()
    page.get_by_role("link", name="Send past events").click()
    expect(page.get_by_text("8 events of 8 customers would be sent")).to_be_visible()
    page.get_by_role("button", name="Send 8 events").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=30_000)
    signups = [one.message for one in segment.wait_for(16, WRITE_KEY)[8:]]
    assert {one["event"] for one in signups} == {"New Customer Signup"}
    assert {one["properties"]["backfilled"] for one in signups} == {True}


def count_what_to_send_again(page: Page) -> None:
    page.get_by_role("link", name="Segment integration").last.click()
    page.get_by_role("link", name="Send again after a wrong key").click()
    page.get_by_label("Date").fill("2020-01-01")
    page.get_by_label("Time").fill("8:00")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_text("16 messages went to the present source")).to_be_visible()
    expect(page.get_by_role("button", name="Send again")).to_have_count(0)
