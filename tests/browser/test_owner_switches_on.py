"""An owner logs in, switches on, sends a test event and sees that it was accepted."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from customers.models import Business, Customer
from events.models import Integration, SendLog
from smrt_integration.delivery.send_test_event import TEST_EVENT
from tests.browser.conftest import Visitor
from tests.browser.sending import wait_for_the_worker
from tests.conftest import WRITE_KEY
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker


def test_an_owner_switches_on_and_sees_a_test_event_accepted(
    visitor: Visitor, page: Page, owner: User, business: Business, segment: SegmentStandIn
) -> None:
    visitor.log_in(owner)
    visitor.go_to("Segment integration")
    expect(page.get_by_text("Off", exact=True)).to_be_visible()
    page.get_by_role("switch", name="Send to Segment").check()
    page.get_by_label("Write key").fill(WRITE_KEY)
    page.get_by_role("radio", name="European Union").check()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("On, nothing sent yet")).to_be_visible()
    integration = Integration.objects.get(business=business)
    assert (integration.enabled, integration.write_key, integration.region) == (
        True,
        WRITE_KEY,
        "eu",
    )
    assert WRITE_KEY not in page.content()
    expect(page.get_by_text("The current key ends in 2345.")).to_be_visible()

    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_text("Segment accepted the test event.")).to_be_visible()
    (arrived,) = segment.wait_for(1, WRITE_KEY)
    assert arrived.message["event"] == TEST_EVENT
    assert list(SendLog.objects.values_list("event", "outcome")) == [(TEST_EVENT, "accepted")]

    visitor.go_to("Send log")
    row = page.get_by_role("row").filter(has_text=TEST_EVENT)
    expect(row).to_contain_text("Accepted")


def test_later_events_are_sent_and_the_page_says_so(
    visitor: Visitor,
    page: Page,
    owner: User,
    integration: Integration,
    customer: Customer,
    segment: SegmentStandIn,
    start_worker: Callable[..., Worker],
) -> None:
    start_worker()
    visitor.is_logged_in(owner)
    order = OrderFactory.create(business=integration.business, customer=customer)
    wait_for_the_worker(
        lambda: SendLog.objects.filter(event="Order Created", outcome="accepted").exists(),
        "the order was accepted",
    )
    assert [
        one.message["properties"]["order_id"]
        for one in segment.messages(WRITE_KEY)
        if "event" in one.message
    ] == [order.number]
    page.goto("/")
    visitor.go_to("Segment integration")
    expect(page.get_by_text("On", exact=True)).to_be_visible()
    expect(page.get_by_text("Segment accepted the last event")).to_be_visible()
