"""A customer opens the link in a real browser, and what they do reaches Segment."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from customers.models import Customer
from events.models import Integration
from tests.account.browser import chromium, open_page
from tests.browser.sending import wait_for_the_worker
from tests.conftest import WRITE_KEY
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.web import Web
from tests.workers import Worker

__all__ = ["chromium"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def web(transactional_db: None, chromium: Browser, segment: SegmentStandIn) -> Iterator[Web]:
    with pytest.MonkeyPatch.context() as patch:
        # This is set for this thread only.
        patch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)
        web = Web(
            {
                "SEGMENT_HOST": segment.url,
                "LOG_LEVEL": "INFO",
                "GUNICORN_CMD_ARGS": "--access-logfile -",
            }
        )
    yield web
    web.kill()


@pytest.fixture
def page(chromium: Browser, web: Web) -> Iterator[Page]:
    with open_page(chromium, web.url, "phone", scripts=False) as page:
        yield page


class SegmentReader:
    """Read what arrived at Segment."""

    def __init__(self, segment: SegmentStandIn) -> None:
        self._segment = segment

    def properties_of(self, event: str) -> list[dict[str, Any]]:
        return [
            message["properties"]
            for message in self._segment.accepted(WRITE_KEY)
            if message.get("event") == event
        ]

    def traits(self, customer: Customer) -> dict[str, Any]:
        """Return the last traits of the customer, or an empty dict."""
        user_id = str(customer.uuid)
        identifies = [
            one["traits"]
            for one in self._segment.accepted(WRITE_KEY)
            if one["type"] == "identify" and one["userId"] == user_id
        ]
        return dict(identifies[-1]) if identifies else {}

    def wait_for(self, event: str, **properties: Any) -> None:
        wait_for_the_worker(lambda: self.properties_of(event), f"{event} arrived")
        assert self.properties_of(event) == [properties]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def schedule_and_cancel(page: Page, segment_reader: SegmentReader, day: date) -> None:
    page.get_by_role("link", name="Schedule a pickup").click()
    page.get_by_label("Day").fill(day.isoformat())
    press(page, "Schedule the pickup")
    expect(page.get_by_role("status")).to_contain_text("is scheduled.")
    segment_reader.wait_for(
        "Pickup Scheduled", scheduled_by="Customer", pickup_date=day.isoformat()
    )

    page.get_by_role("link", name="Cancel").click()
    press(page, "Cancel the pickup")
    expect(page.get_by_role("status")).to_contain_text("is canceled.")
    segment_reader.wait_for(
        "Customer Canceled Pickup", canceled_via="Website", pickup_date=day.isoformat()
    )


def ask_for_regular_pickups(page: Page, segment_reader: SegmentReader) -> None:
    page.get_by_role("link", name="Ask for regular pickups").click()
    page.get_by_label("Street and number").fill("1 Office Plaza")
    press(page, "Ask for regular pickups")
    expect(page.get_by_role("status")).to_contain_text("You asked for regular pickups.")
    address = {
        "street": "1 Office Plaza",
        "city": "San Francisco",
        "state": "CA",
        "postalCode": "94110",
        "country": "US",
    }
    segment_reader.wait_for("Customer Requested Regular Pickups", address=address)


def change_details(page: Page, segment_reader: SegmentReader, customer: Customer) -> None:
    page.get_by_role("link", name="Change your details").click()
    page.get_by_label("Email").fill("new@example.com")
    press(page, "Save")
    page.get_by_role("link", name="Choose emails and texts").click()
    page.get_by_label("Send me texts").uncheck()
    press(page, "Save")

    def changed() -> bool:
        traits = segment_reader.traits(customer)
        return (traits["email"], traits["receiveTexts"], traits["receiveEmails"]) == (
            "new@example.com",
            False,
            True,
        )

    wait_for_the_worker(changed, "Segment knows the new details")


def log_out(page: Page) -> None:
    """Check that the next user of this phone cannot go back to the account."""
    press(page, "Log out")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged out")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("We could not open your account")


def test_a_customer_uses_every_page_and_segment_gets_each_change(
    page: Page,
    web: Web,
    start_worker: Callable[..., Worker],
    customer: Customer,
    integration: Integration,
    segment: SegmentStandIn,
) -> None:
    segment_reader = SegmentReader(segment)
    worker = start_worker(PUBLIC_URL=web.url)
    OrderFactory.create(customer=customer, business=customer.business)
    wait_for_the_worker(lambda: segment_reader.traits(customer), "Segment got the link")
    link = segment_reader.traits(customer)["link"]
    referrers: list[str] = []
    page.on("request", lambda request: referrers.append(request.all_headers().get("referer", "")))

    page.goto(link)
    assert page.url == f"{web.url}/account/"
    schedule_and_cancel(page, segment_reader, customer.business.today() + timedelta(days=2))
    ask_for_regular_pickups(page, segment_reader)
    change_details(page, segment_reader, customer)
    log_out(page)

    assert f"{web.url}/account/" in referrers
    assert [
        text
        for text in (*referrers, web.printed, worker.printed)
        if link.rpartition(".")[2] in text
    ] == []
    assert "GET /account/***" in web.printed


def test_a_new_customer_signs_up_and_segment_gets_the_source(
    page: Page,
    start_worker: Callable[..., Worker],
    integration: Integration,
    segment: SegmentStandIn,
) -> None:
    segment_reader = SegmentReader(segment)
    start_worker()

    page.goto(f"/join/{integration.business.uuid}")
    page.get_by_label("First name").fill("Bea")
    page.get_by_role("textbox", name="Email").fill("bea@example.com")
    page.get_by_label("Send me emails").check()
    press(page, "Sign up")
    expect(page.get_by_role("status")).to_contain_text("Welcome, Bea.")

    segment_reader.wait_for("New Customer Signup", source="Website")
    segment_reader.wait_for("Customer Visit", visit_type="Signup")
    traits = segment_reader.traits(Customer.objects.get(source="Website"))
    assert (
        traits["firstName"],
        traits["email"],
        traits["receiveEmails"],
        traits["receiveTexts"],
    ) == (
        "Bea",
        "bea@example.com",
        True,
        False,
    )
