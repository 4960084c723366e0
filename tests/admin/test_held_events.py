"""Events of customers whose details Segment refuses: after a day, the owner is asked what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Business, Customer
from events.alerts.watch import watch
from events.jobs.run import run_jobs
from events.models import HeldTrack, Integration
from tests.admin.conftest import logged_in
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    event_names,
    logged,
    sign_up,
    waiting,
)
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
SENTENCE = "Segment refuses the details of one customer, so 3 events of this customer are waiting."


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def held_page(business: Business) -> str:
    return reverse("admin:events_integration_held", args=[business.pk])


def choose(client: Client, business: Business, what: str) -> Any:
    page = client.get(held_page(business))
    customers = [row.id for row in page.context["rows"]]
    chosen = {"what": what, "up_to": page.context["up_to"], "customer": customers}
    return client.post(held_page(business), chosen, follow=True)


@pytest.fixture
def office(
    business: Business, integration: Integration, owner: User, segment: SegmentStandIn
) -> Client:
    """The owner's browser. Three events of one customer have been held for a day."""
    refused = sign_up(business, first_name="Bad")
    sign_up(business)
    add_visits(2, refused)
    segment.fault("refuse_messages", contains='"firstName": "Bad"')
    deliver()
    HeldTrack.objects.update(held_at=timezone.now() - timedelta(hours=24))
    segment.reset()
    return logged_in(owner)


def test_nothing_is_said_for_a_day_and_then_every_page_and_an_email_ask(
    office: Client, business: Business
) -> None:
    pages = [
        reverse("admin:index"),
        reverse("admin:events_integration_change", args=[business.pk]),
        reverse("admin:events_outgoing_changelist"),
    ]
    assert [SENTENCE in text(office.get(page)) for page in pages] == [True] * 3
    assert watch(timezone.now()) == 1
    (email,) = mail.outbox
    assert email.subject == f"{business.name}: events are waiting for your choice"
    assert SENTENCE in email.body
    assert "choose whether to send the events anyway, or to discard them" in email.body

    HeldTrack.objects.update(held_at=timezone.now() - timedelta(hours=23))
    assert [SENTENCE in text(office.get(page)) for page in pages] == [False] * 3
    assert "No events are waiting for your choice." in text(office.get(held_page(business)))


def test_the_list_the_message_and_the_timeline_say_why_it_waits(
    office: Client, business: Business
) -> None:
    track = HeldTrack.objects.earliest("id")
    reason = "Segment refused this customer&#x27;s details, so it waits until Segment accepts them."
    for address in (
        reverse("admin:events_outgoing_changelist"),
        reverse("admin:events_outgoing_change", args=[track.pk]),
        reverse("admin:customers_customer_timeline", args=[track.customer_id]),
    ):
        assert reason in text(office.get(address))


def test_events_sent_anyway_leave_in_order_without_an_identify_and_later_ones_are_held(
    office: Client, business: Business, segment: SegmentStandIn
) -> None:
    refused = Customer.objects.get(first_name="Bad")
    segment.fault("refuse_messages", contains='"firstName": "Bad"')

    assert "Sending 3 events." in text(choose(office, business, "send"))
    run_jobs(timezone.now())
    add_visits(1, refused)
    deliver()

    assert event_names(segment.accepted()) == [
        "New Customer Signup",
        "Customer Visit",
        "Customer Visit",
    ]
    assert [track.subject_id for track in HeldTrack.objects.all()] == [1]
    assert waiting() == []


def test_discarded_events_are_logged_as_not_sent(
    office: Client, business: Business, segment: SegmentStandIn
) -> None:
    assert "Discarding 3 events." in text(choose(office, business, "discard"))
    run_jobs(timezone.now())

    skipped = logged(outcome="skipped")
    assert [entry.event for entry in skipped] == [
        "New Customer Signup",
        "Customer Visit",
        "Customer Visit",
    ]
    assert {entry.reason for entry in skipped} == {
        "The owner chose to discard it, because Segment refused the customer's details."
    }
    assert not HeldTrack.objects.exists()
    deliver()
    assert segment.accepted() == []


def test_a_choice_about_another_businesss_customer_changes_nothing(
    office: Client, business: Business
) -> None:
    other = CustomerFactory.create()

    response = office.post(
        held_page(business), {"what": "discard", "up_to": 10**9, "customer": other.pk}
    )

    assert "Choose at least one customer" in text(response)
    run_jobs(timezone.now())
    assert HeldTrack.objects.count() == 3


def test_the_preview_and_the_timeline_say_that_the_details_were_refused(
    office: Client, business: Business
) -> None:
    refused = Customer.objects.get(first_name="Bad")
    page = reverse("admin:events_integration_preview", args=[business.pk])
    timeline = reverse("admin:customers_customer_timeline", args=[refused.pk])

    identify = text(office.get(f"{page}?customer={refused.pk}&event=identify"))
    signup = text(office.get(f"{page}?customer={refused.pk}&event=New+Customer+Signup"))

    assert "Segment refused these details, so we do not send them again until" in identify
    assert "so it waits until Segment accepts them." in signup
    assert "It refused them, so the customer&#x27;s events wait" in text(office.get(timeline))
