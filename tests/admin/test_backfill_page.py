"""The owner's page that sends past events: it counts, says what to mind, and asks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Business, Customer, NewLineItem, Order
from events.jobs.run import run_jobs
from events.models import Integration, Request
from tests.admin.conftest import logged_in
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import deliver
from tests.events.outbox_rows import nothing_written
from tests.factories import EmployeeFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(business: Business, customer: Customer, owner: User, segment: SegmentStandIn) -> Client:
    """The owner's browser. An order was created before the business switched on."""
    clerk = EmployeeFactory.create(business=business)
    Order.create(
        customer,
        items=[NewLineItem("Shirt", Decimal("4.50"))],
        sold_by=clerk,
        at=timezone.now() - timedelta(days=2),
    )
    Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
    return logged_in(owner)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def past_page(business: Business) -> str:
    return reverse("admin:events_integration_backfill", args=[business.pk])


def test_the_page_counts_says_what_to_mind_and_sends_nothing(
    office: Client, business: Business
) -> None:
    with nothing_written():
        page = text(office.get(past_page(business)))
    assert "Order Created: 1" in page
    assert "Customer Visit: 1" in page
    assert "Pause your campaigns." in page
    assert "Promoter.io" in page
    assert "Customer Lost</strong> is not sent." in page
    assert "&quot;backfilled&quot;: true" in page
    assert "1 of these customers is new to Segment." in page
    assert not Request.objects.exists()


def test_the_owner_confirms_and_it_is_sent(
    office: Client, business: Business, segment: SegmentStandIn
) -> None:
    since = office.get(past_page(business)).context["since"]
    page = text(office.post(past_page(business), {"what": "start", "since": since}, follow=True))
    assert "0 events are sent or about to be sent." in page
    run_jobs(timezone.now())
    deliver()
    assert {one.get("event") for one in segment.accepted()} >= {"Order Created", "Customer Visit"}
    page = text(office.get(past_page(business)))
    assert "Done" in page
    assert "There is nothing to send since then." in page


@pytest.mark.parametrize(
    ("since", "error"),
    [
        ("2001-01-01", "The send log is kept for 13 months"),
        ("2999-01-01", "Choose a day that is not in the future."),
        ("soon", "Enter a day"),
    ],
)
def test_a_wrong_day_gets_a_reason_and_starts_nothing(
    office: Client, business: Business, since: str, error: str
) -> None:
    assert error in text(office.get(past_page(business), {"since": since}))
    office.post(past_page(business), {"what": "start", "since": since})
    assert not Request.objects.exists()
