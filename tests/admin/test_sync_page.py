"""The owner's page that sends all customers: it counts, asks, shows how far it is, and obeys."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Business, Customer
from events.jobs import feed
from events.jobs.run import run_jobs
from events.models import Integration, Outgoing, Request
from tests.admin.conftest import logged_in
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import deliver, write_key
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(business: Business, owner: User, segment: SegmentStandIn) -> Client:
    """The owner's browser. Segment knows one of seven customers."""
    known = CustomerFactory.create(business=business)
    Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
    known.first_name = "Known"
    known.save()
    deliver()
    Integration.objects.filter(business=business).update(enabled=False)
    CustomerFactory.create_batch(6, business=business)
    Integration.objects.filter(business=business).update(enabled=True)
    return logged_in(owner)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def sync_page(business: Business) -> str:
    return reverse("admin:events_integration_sync", args=[business.pk])


def choose(client: Client, business: Business, what: str) -> str:
    return text(client.post(sync_page(business), {"what": what}, follow=True))


def test_the_integration_page_says_how_many_segment_does_not_know(
    office: Client, business: Business
) -> None:
    page = text(office.get(reverse("admin:events_integration_change", args=[business.pk])))
    assert "Segment does not know 6 of your 7 customers" in page
    assert sync_page(business) in page


def test_the_page_counts_and_shows_five_and_sends_nothing(
    office: Client, business: Business
) -> None:
    with nothing_written():
        page = text(office.get(sync_page(business)))
    assert "You have 7 customers. Segment knows 1 of them, and does not know 6." in page
    assert "add up to 6 tracked users" in page
    assert "5 examples" in page
    assert str(Customer.objects.latest("pk").uuid) in page
    assert "(hidden" in page
    assert not Request.objects.exists()


def test_start_pause_resume_cancel(
    office: Client,
    business: Business,
    segment: SegmentStandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 2)
    assert "0 customers are sent or about to be sent." in choose(office, business, "start")
    run_jobs(timezone.now())
    assert "Sending. 2 customers are sent or about to be sent; 1 more needed" in text(
        office.get(sync_page(business))
    )
    settings = text(office.get(reverse("admin:events_integration_change", args=[business.pk])))
    assert "Send all customers (42 % done)" in settings
    assert "Paused" in choose(office, business, "pause")
    assert run_jobs(timezone.now()) == 0
    assert "Sending. 2 customers" in choose(office, business, "resume")
    page = choose(office, business, "cancel")
    assert "It was canceled. 2 customers are sent or about to be sent; 1 more" in page
    assert "Send 6 customers" in page
    deliver()
    assert Outgoing.objects.count() == 0
    page = text(office.get(sync_page(business)))
    assert "Send 4 customers" in page
    changes = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(changes) == [
        f"Send all customers: {what}." for what in ("started", "paused", "going on", "canceled")
    ]


def test_a_finished_sync_says_so_and_one_that_is_off_says_what_to_do(
    office: Client, business: Business, segment: SegmentStandIn
) -> None:
    choose(office, business, "start")
    run_jobs(timezone.now())
    page = text(office.get(sync_page(business)))
    assert "6 customers are sent or about to be sent; 1 more needed nothing" in page
    assert "Check all customers again" not in page
    deliver()
    assert "Check all customers again" in text(office.get(sync_page(business)))
    Integration.objects.filter(business=business).update(enabled=False)
    assert "Switch it on, then come back." in text(office.get(sync_page(business)))
    assert "There is nothing to send." in choose(office, business, "start")


def test_a_job_that_ended_says_why(office: Client, business: Business) -> None:
    choose(office, business, "start")
    integration = Integration.objects.get(business=business)
    integration.write_key = write_key(2)
    integration.save()
    run_jobs(timezone.now())
    assert "The write key or the region was changed." in text(office.get(sync_page(business)))


def test_helpers_may_not(office: Client, business: Business, helper: User) -> None:
    assert logged_in(helper).get(sync_page(business)).status_code == 403
    assert logged_in(helper).post(sync_page(business), {"what": "start"}).status_code == 403
    page = logged_in(helper).get(reverse("admin:events_integration_change", args=[business.pk]))
    assert sync_page(business) not in text(page)
