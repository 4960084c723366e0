"""Events that wait during trouble, or from before switching on: none is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Business, Customer
from events.jobs.run import run_jobs
from events.lanes.status import CHOICE_WANTED, DISCARDING
from events.models import Integration, Lane, Outgoing, Request
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in
from tests.admin.test_integration_page import OTHER_KEY, changed, opened, page, saved, text
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    delivering,
    event_names,
    lane_of,
    outcomes,
    waiting,
)
from tests.events.outbox_rows import nothing_written
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import wait_until

pytestmark = pytest.mark.django_db
YESTERDAY, TODAY = "2025-03-03", "2025-03-04"


@pytest.fixture
def office(support: User) -> Client:
    return logged_in(support)


def choice(business: Business) -> str:
    return reverse("admin:events_integration_waiting", args=[business.pk])


def chosen(client: Client, business: Business, **what: Any) -> Any:
    found = client.get(choice(business)).context["form"]
    return client.post(choice(business), {"up_to": found["up_to"].value(), **what}, follow=True)


class TestRotatingTheKey:
    def test_loses_nothing(
        self, office: Client, integration: Integration, customer: Customer, segment: SegmentStandIn
    ) -> None:
        """A new source does not know the customers: each is identified there first."""
        OrderFactory.create(customer=customer)
        Delivery().run()
        segment.fault("status", WRITE_KEY, status=401)
        order = OrderFactory.create(customer=customer)
        order.mark_ready()
        Delivery().run()
        recorded = [row.message_id for row in waiting()]
        assert lane_of(integration.business).stopped.startswith("Segment refused the write key.")

        response = saved(office, integration.business, write_key=OTHER_KEY)
        assert "2 events will be sent in a moment." in text(response)
        Delivery().run()

        sent = segment.accepted(OTHER_KEY)
        assert event_names(sent) == ["identify", "Order Created", "Order Ready"]
        assert [message["messageId"] for message in sent[1:]] == recorded
        assert waiting() == []

    def test_after_the_stored_one_cannot_be_read_loses_nothing_either(
        self,
        office: Client,
        integration: Integration,
        customer: Customer,
        segment: SegmentStandIn,
        settings: Any,
    ) -> None:
        from cryptography.fernet import Fernet

        OrderFactory.create(customer=customer)
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        Delivery().run()
        assert segment.requests() == []
        saved(office, integration.business, write_key=OTHER_KEY)
        Delivery().run()
        assert event_names(segment.accepted(OTHER_KEY)) == ["identify", "Order Created"]

    def test_that_segment_does_not_allow_is_tried_again_by_saving_without_a_change(
        self, office: Client, integration: Integration, customer: Customer, segment: SegmentStandIn
    ) -> None:
        OrderFactory.create(customer=customer)
        segment.fault("status", status=403)
        Delivery().run()
        segment.clear_faults()
        saved(office, integration.business)
        Delivery().run()
        assert event_names(segment.accepted()) == ["identify", "Order Created"]


@pytest.mark.django_db(transaction=True)
def test_saving_other_settings_does_not_disturb_a_delivery_under_way(
    office: Client, integration: Integration, customer: Customer, segment: SegmentStandIn
) -> None:
    OrderFactory.create(customer=customer)
    form = opened(office, integration.business)
    segment.fault("delay", delay_ms=700, times=1)
    with delivering():
        wait_until(segment.requests, "the identify was under way")
        before = lane_of(integration.business)
        values = changed(form, send_customer_lost=None, birthday_hour="7")
        assert office.post(page(integration.business), values).status_code == 302
        lane = lane_of(integration.business)
        assert (lane.lease_token, lane.generation, lane.resume_at) == (
            before.lease_token,
            before.generation,
            before.resume_at,
        )
        assert lane.lease_token is not None
    assert event_names(segment.accepted()) == ["identify", "Order Created"]
    assert outcomes() == [("identify", "accepted"), ("Order Created", "accepted")]


@pytest.mark.django_db(transaction=True)
def test_a_new_key_counts_at_once_while_a_delivery_with_the_old_one_hangs(
    office: Client,
    integration: Integration,
    customer: Customer,
    segment: SegmentStandIn,
    settings: Any,
) -> None:
    settings.SEGMENT_TIMEOUT = 2
    OrderFactory.create(customer=customer)
    segment.fault("hang", WRITE_KEY)
    with delivering():
        wait_until(segment.requests, "the identify was under way")
        token = lane_of(integration.business).lease_token
        saved(office, integration.business, write_key=OTHER_KEY)
        assert lane_of(integration.business).lease_token == token
        # Its own timeout ends it. That result is about the old key, so the lane does not back off.
        segment.wait_for(2, OTHER_KEY)
    assert event_names(segment.accepted(OTHER_KEY)) == ["identify", "Order Created"]
    assert lane_of(integration.business).failures == 0


class TestTryingAtOnce:
    def test_a_business_that_waits_tries_again_when_asked_to(
        self, office: Client, integration: Integration, customer: Customer, segment: SegmentStandIn
    ) -> None:
        OrderFactory.create(customer=customer)
        segment.fault("status", status=503)
        Delivery().run()
        segment.clear_faults()
        Lane.objects.update(resume_at=timezone.now() + timedelta(minutes=10))
        assert "Segment has been having trouble since" in text(
            office.get(page(integration.business))
        )
        Delivery().run()
        assert segment.accepted() == []

        response = chosen(office, integration.business, what="all")
        assert "Sending 1 event." in text(response)
        Delivery().run()
        assert event_names(segment.accepted()) == ["identify", "Order Created"]


@pytest.fixture
def waiting_since_before(integration: Integration, customer: Customer) -> Integration:
    """Two events of 3 March and one of 4 March in Los Angeles, then switched off."""
    add_visits(3, customer)
    early, *late = [row.pk for row in waiting()][::-1]
    Outgoing.objects.filter(pk__in=late).update(occurred_at=datetime(2025, 3, 4, 7, 59, tzinfo=UTC))
    Outgoing.objects.filter(pk=early).update(occurred_at=datetime(2025, 3, 4, 8, tzinfo=UTC))
    customer.first_name = "Zoë"
    customer.save()
    integration.enabled = False
    integration.save()
    Outgoing.objects.update(recorded_at=timezone.now() - timedelta(days=2))
    return integration


@pytest.mark.usefixtures("waiting_since_before")
class TestSwitchingOnWithEventsWaiting:
    def test_asks_whether_to_send_them_and_sends_nothing_before(
        self, office: Client, business: Business, segment: SegmentStandIn
    ) -> None:
        assert "we ask whether to send or discard" in text(office.get(page(business)))
        response = saved(office, business, enabled="on")
        assert response.redirect_chain == [(choice(business), 302)]
        assert lane_of(business).stopped == CHOICE_WANTED
        Delivery().run()
        assert segment.requests() == []

    def test_shows_how_many_each_choice_sends_and_discards(
        self, office: Client, business: Business
    ) -> None:
        told = " ".join(text(saved(office, business, enabled="on")).split())
        assert "Do you want to send or discard 3 events?" in told
        assert ">Send 3 events</button>" in told
        assert f'<option value="{TODAY}">Tuesday, March 4, 2025: send 1, discard 2</option>' in told
        assert ">Discard 3 events</button>" in told
        assert "changes of customer details (1 waiting)" in told

    def test_sends_all_when_that_is_chosen(
        self, office: Client, business: Business, segment: SegmentStandIn
    ) -> None:
        saved(office, business, enabled="on")
        assert "Sending 3 events." in text(chosen(office, business, what="all"))
        Delivery().run()
        assert event_names(segment.accepted()) == ["identify", *["Customer Visit"] * 3]
        assert not Request.objects.exists()

    def test_sends_those_from_a_day_on_when_that_is_chosen(
        self, office: Client, business: Business, segment: SegmentStandIn, support: User
    ) -> None:
        saved(office, business, enabled="on")
        answer = chosen(office, business, what="since", since=TODAY)
        assert "Discarding 2 events." in text(answer)
        assert "0 of 2 events discarded so far." in text(answer)
        request = Request.objects.get()
        assert (request.kind, request.expected, request.requested_by) == ("discard", 2, support)
        assert (
            LogEntry.objects.latest("pk").change_message
            == "Discarded 2 events from before Mar 4, 2025."
        )
        Delivery().run()
        assert segment.requests() == []
        run_jobs(timezone.now())
        Delivery().run()
        assert event_names(segment.accepted()) == ["identify", "Customer Visit"]
        assert sorted(outcomes(event="Customer Visit")) == [
            ("Customer Visit", "accepted"),
            *[("Customer Visit", "skipped")] * 2,
        ]

    def test_discards_all_old_events_but_no_later_ones_and_no_customer_details(
        self, office: Client, business: Business, customer: Customer, segment: SegmentStandIn
    ) -> None:
        saved(office, business, enabled="on")
        OrderFactory.create(customer=customer)
        assert "Discarding 3 events." in text(chosen(office, business, what="none"))
        assert lane_of(business).stopped == DISCARDING
        run_jobs(timezone.now())
        Delivery().run()
        assert event_names(segment.accepted()) == ["identify", "Order Created"]
        assert waiting() == []

    @pytest.mark.parametrize(
        ("what", "said"),
        [
            ({}, "Choose whether to send or discard the waiting events."),
            ({"what": "since"}, "Choose the first day whose events should be sent."),
            (
                {"what": "since", "since": YESTERDAY},
                f"Select a valid choice. {YESTERDAY} is not one of the available choices.",
            ),
        ],
    )
    def test_without_a_choice_nothing_happens(
        self,
        office: Client,
        business: Business,
        segment: SegmentStandIn,
        what: dict[str, str],
        said: str,
    ) -> None:
        saved(office, business, enabled="on")
        with nothing_written():
            assert said in text(chosen(office, business, **what))
        assert (lane_of(business).stopped, Request.objects.count()) == (CHOICE_WANTED, 0)

    def test_a_second_choice_while_the_first_is_carried_out_changes_nothing(
        self, office: Client, business: Business
    ) -> None:
        saved(office, business, enabled="on")
        up_to = office.get(choice(business)).context["form"]["up_to"].value()
        office.post(choice(business), {"what": "none", "up_to": up_to})
        for what in ("none", "all"):
            answer = office.post(choice(business), {"what": what, "up_to": up_to}, follow=True)
            assert "Old events are already being discarded." in text(answer)
        assert (lane_of(business).stopped, Request.objects.count()) == (DISCARDING, 1)

    def test_a_new_key_entered_meanwhile_does_not_decide_it(
        self, office: Client, business: Business
    ) -> None:
        saved(office, business, enabled="on")
        saved(office, business, write_key=OTHER_KEY)
        assert lane_of(business).stopped == CHOICE_WANTED

    def test_switched_off_again_it_does_not_ask(self, office: Client, business: Business) -> None:
        form = opened(office, business)
        office.post(page(business), changed(form, enabled="on"))
        saved(office, business, enabled=None)
        answer = office.get(choice(business), follow=True)
        assert answer.redirect_chain == [(page(business), 302)]


def test_switching_on_with_nothing_waiting_asks_nothing(office: Client, business: Business) -> None:
    response = saved(office, business, enabled="on", write_key=WRITE_KEY)
    assert response.redirect_chain == [(page(business), 302)]
    assert lane_of(business).stopped == ""
