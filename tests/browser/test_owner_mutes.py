"""An owner mutes an event, and the next one is not sent."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from customers.models import Customer
from events.models import Integration, Outgoing, SendLog
from tests.browser.conftest import Visitor
from tests.browser.sending import wait_for_the_worker
from tests.conftest import WRITE_KEY
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker


def test_an_owner_mutes_an_event_and_the_next_one_is_not_sent(
    visitor: Visitor,
    page: Page,
    owner: User,
    integration: Integration,
    customer: Customer,
    segment: SegmentStandIn,
    start_worker: Callable[..., Worker],
) -> None:
    start_worker()
    visitor.log_in(owner)
    visitor.go_to("Segment integration")
    page.get_by_role("switch", name="Order Created").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("switch", name="Order Created")).not_to_be_checked()
    assert Integration.objects.get().muted == ["Order Created"]

    order = OrderFactory.create(business=integration.business, customer=customer)
    order.mark_ready()
    wait_for_the_worker(
        lambda: SendLog.objects.filter(event="Order Ready").exists(),
        "the order being ready was sent",
    )
    assert not Outgoing.objects.exists()
    assert [one["event"] for one in segment.accepted(WRITE_KEY) if "event" in one] == [
        "Order Ready"
    ]
    assert not SendLog.objects.filter(event="Order Created", outcome="accepted").exists()

    visitor.go_to("Customers")
    page.get_by_role("link", name=f"Timeline of {customer}").click()
    status = (
        page.get_by_role("region", name="Status of each event")
        .get_by_role("listitem")
        .filter(has_text="Order Created")
    )
    expect(status).to_contain_text("Not sent")
    expect(status).to_contain_text("“Order Created” has been switched off")
