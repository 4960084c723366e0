"""Segment refuses the write key: the owner enters another one, and the waiting events are sent."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from customers.models import Customer
from events.models import Integration, Lane, Outgoing, SendLog
from tests.browser.conftest import Visitor
from tests.browser.sending import wait_for_the_worker
from tests.conftest import WRITE_KEY
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker

NEW_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def test_an_owner_replaces_a_refused_key_and_the_waiting_events_are_sent(
    visitor: Visitor,
    page: Page,
    owner: User,
    integration: Integration,
    customer: Customer,
    segment: SegmentStandIn,
    start_worker: Callable[..., Worker],
) -> None:
    start_worker()
    segment.fault("status", WRITE_KEY, status=401)
    order = OrderFactory.create(business=integration.business, customer=customer)
    wait_for_the_worker(lambda: Lane.objects.exclude(stopped="").exists(), "sending has stopped")

    visitor.log_in(owner)
    expect(page.get_by_text("Segment refused the write key")).to_be_visible()
    visitor.go_to("Segment integration")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.get_by_text("What to do:")).to_be_visible()
    page.get_by_label("Write key").fill(NEW_KEY)
    page.get_by_role("button", name="Save", exact=True).click()

    wait_for_the_worker(lambda: not Outgoing.objects.exists(), "the outbox was empty")
    events = [one["event"] for one in segment.accepted(NEW_KEY) if "event" in one]
    assert events == ["Order Created"]
    assert segment.accepted(WRITE_KEY) == []
    assert (
        SendLog.objects.filter(
            event="Order Created", subject_id=order.pk, outcome="accepted"
        ).count()
        == 1
    )
    page.reload()
    expect(page.get_by_text("On", exact=True)).to_be_visible()
    page.goto("/")
    expect(page.get_by_text("Segment refused the write key")).to_have_count(0)
