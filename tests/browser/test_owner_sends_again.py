"""The owner finds a refused message in the send log, reads why, and sends it again."""

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


def outcomes(event: str) -> list[str]:
    return list(
        SendLog.objects.filter(event=event).order_by("id").values_list("outcome", flat=True)
    )


def test_an_owner_finds_a_refused_event_and_sends_it_again(
    visitor: Visitor,
    page: Page,
    owner: User,
    integration: Integration,
    customer: Customer,
    segment: SegmentStandIn,
    start_worker: Callable[..., Worker],
) -> None:
    start_worker()
    segment.fault("refuse_messages", WRITE_KEY, contains="Order Created")
    order = OrderFactory.create(business=integration.business, customer=customer)
    order.mark_ready()
    wait_for_the_worker(
        lambda: outcomes("Order Created") == ["rejected"], "the order's event was refused"
    )
    segment.clear_faults()

    visitor.log_in(owner)
    visitor.go_to("Send log")
    page.get_by_role("searchbox", name="Search").fill(order.number)
    page.get_by_role("button", name="Search", exact=True).click()
    row = page.get_by_role("row").filter(has_text="Order Created")
    expect(row).to_contain_text("Refused")
    row.get_by_role("link", name="Order Created").click()
    expect(page.get_by_text("Segment refused this “Order Created”")).to_be_visible()
    expect(page.get_by_text("What to do:")).to_be_visible()
    expect(page.get_by_label("The message as it was sent")).to_contain_text(order.number)

    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("Queued. The result will appear in the send log.")).to_be_visible()
    wait_for_the_worker(lambda: not Outgoing.objects.exists(), "the outbox was empty")
    assert outcomes("Order Created") == ["rejected", "accepted"]
    assert [
        one["event"]
        for one in segment.accepted(WRITE_KEY)
        if one.get("properties", {}).get("order_id") == order.number
    ] == [
        "Order Ready",
        "Order Created",
    ]
    visitor.go_to("Send log")
    expect(
        page.get_by_role("row").filter(has_text="Order Created").filter(has_text="Accepted")
    ).to_have_count(1)
    # what was sent again cannot be sent again
    page.get_by_role("row").filter(has_text="Refused").get_by_role(
        "link", name="Order Created"
    ).click()
    expect(page.get_by_role("button", name="Send again")).to_have_count(0)
