"""Identifies: before the first event, only when the traits differ, and the newest traits last."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from customers.links import account_link
from customers.models import Customer
from events.models import AcceptedTraits, Integration, Outgoing
from events.outbox.fan_out import fan_out_all
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    delivering,
    event_names,
    lane_of,
    logged,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
    write_key,
)
from tests.factories import BrandFactory, BusinessFactory, CustomerFactory
from tests.segment import SegmentStandIn
from tests.workers import wait_until


def rename(customer: Customer, first_name: str) -> None:
    customer.first_name = first_name
    customer.save()


def identified_as(segment: SegmentStandIn) -> list[str]:
    return [
        message["traits"]["firstName"]
        for message in segment.accepted()
        if message["type"] == "identify"
    ]


@pytest.fixture
def customer(segment: SegmentStandIn, transactional_db: None) -> Customer:
    return sign_up(sending_business(WRITE_KEY), first_name="Ann")


@pytest.mark.django_db
def test_a_new_customer_is_identified_in_a_request_before_their_first_event(
    segment: SegmentStandIn,
) -> None:
    business = BusinessFactory.create()
    old = CustomerFactory.create(business=business)
    Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
    add_visits(2, old)
    assert [row.event for row in waiting()] == ["Customer Visit", "Customer Visit"]

    deliver()

    assert event_names(segment.accepted()) == ["identify", "Customer Visit", "Customer Visit"]
    assert {message["userId"] for message in segment.accepted()} == {str(old.uuid)}
    identify, *visits = segment.messages()
    assert all(identify.request < visit.request for visit in visits)
    assert outcomes() == [
        ("identify", "accepted"),
        ("Customer Visit", "accepted"),
        ("Customer Visit", "accepted"),
    ]


@pytest.mark.django_db
def test_an_identified_customer_is_not_identified_again_for_an_event(
    segment: SegmentStandIn,
) -> None:
    customer = sign_up(sending_business(WRITE_KEY))
    deliver()
    add_visits(1, customer)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup", "Customer Visit"]


@pytest.mark.django_db
def test_customers_are_identified_again_at_another_source(segment: SegmentStandIn) -> None:
    business = sending_business(write_key(1))
    customer = sign_up(business)
    deliver()
    integration = Integration.objects.get(business=business)
    integration.write_key = write_key(2)
    integration.save()
    add_visits(1, customer)

    deliver()

    assert event_names(segment.accepted(write_key(2))) == ["identify", "Customer Visit"]


@pytest.mark.django_db
def test_many_saves_before_an_identify_is_sent_are_one_identify_with_the_newest_traits(
    segment: SegmentStandIn,
) -> None:
    customer = sign_up(sending_business(WRITE_KEY), first_name="Ann")
    for name in ("Anna", "Anne", "Annie"):
        rename(customer, name)

    deliver()

    assert identified_as(segment) == ["Annie"]
    assert outcomes(event="identify") == [("identify", "accepted")]


@pytest.mark.django_db
def test_a_change_that_is_reverted_before_it_is_sent_sends_nothing(segment: SegmentStandIn) -> None:
    customer = sign_up(sending_business(WRITE_KEY), first_name="Ann")
    deliver()
    rename(customer, "Anna")
    rename(customer, "Ann")

    deliver()

    assert identified_as(segment) == ["Ann"]
    (skipped,) = logged(outcome="skipped")
    assert (
        skipped.reason
        == "Nothing about the customer has changed since Segment last accepted their details."
    )
    assert (skipped.sent_at, skipped.attempts, waiting()) == (None, 0, [])


def test_a_save_while_the_identify_is_in_flight_sends_the_newer_traits_after_it(
    customer: Customer, segment: SegmentStandIn
) -> None:
    segment.fault("delay", delay_ms=600, times=1)

    with delivering():
        wait_until(segment.requests, "the identify was in flight")
        rename(customer, "Anna")

    assert identified_as(segment) == ["Ann", "Anna"]
    assert [arrival.verdict for arrival in segment.messages()] == ["accepted"] * 3
    assert sorted(outcomes()) == [
        ("New Customer Signup", "accepted"),
        ("identify", "accepted"),
        ("identify", "accepted"),
    ]
    sent = [message["messageId"] for message in segment.accepted() if message["type"] == "identify"]
    assert [entry.message_id for entry in logged(event="identify")] == sent
    assert AcceptedTraits.objects.get().message_id == sent[-1]
    assert waiting() == []


def test_several_saves_while_an_identify_is_in_flight_are_one_more_identify(
    customer: Customer, segment: SegmentStandIn
) -> None:
    segment.fault("delay", delay_ms=600, times=1)

    with delivering():
        wait_until(segment.requests, "the identify was in flight")
        for name in ("Anna", "Anne", "Annie"):
            rename(customer, name)

    assert identified_as(segment) == ["Ann", "Annie"]
    assert len(outcomes(event="identify")) == 2


def test_a_save_that_is_uncommitted_when_the_response_comes_neither_waits_nor_makes_the_worker_spin(
    customer: Customer, segment: SegmentStandIn
) -> None:
    segment.fault("delay", delay_ms=300, times=1)

    with delivering() as run:
        wait_until(segment.requests, "the identify was in flight")
        with transaction.atomic():
            rename(customer, "Anna")
            wait_until(
                lambda: len(segment.accepted()) == 2 and run.over,
                "the rest was sent without waiting for the save",
                5,
            )
            # The save holds the row locked: the worker left it alone and did not spin.
            assert identified_as(segment) == ["Ann"]
            assert lane_of(customer.business).resume_at > timezone.now() - timedelta(seconds=1)
    time_passes()
    deliver()

    assert identified_as(segment) == ["Ann", "Anna"]
    assert outcomes(event="identify") == [("identify", "accepted"), ("identify", "accepted")]


def test_a_save_that_is_rolled_back_after_the_response_leaves_one_log_entry(
    customer: Customer, segment: SegmentStandIn
) -> None:
    segment.fault("delay", delay_ms=300, times=1)

    with delivering() as run:
        wait_until(segment.requests, "the identify was in flight")
        with transaction.atomic():
            rename(customer, "Anna")
            wait_until(lambda: run.over, "the run was over", 5)
            transaction.set_rollback(True)
    time_passes()
    deliver()

    assert identified_as(segment) == ["Ann"]
    assert [entry.message_id for entry in logged(event="identify")] == [
        segment.accepted()[0]["messageId"]
    ]
    assert (waiting(), len(segment.messages())) == ([], 2)


@pytest.mark.django_db
def test_newer_traits_count_as_accepted_although_another_machines_clock_was_behind(
    segment: SegmentStandIn,
) -> None:
    """Otherwise a change back to the older traits would look unchanged."""
    customer = sign_up(sending_business(WRITE_KEY), first_name="Ann")
    deliver()
    rename(customer, "Anna")
    Outgoing.objects.update(occurred_at=timezone.now() - timedelta(minutes=5))
    deliver()
    rename(customer, "Ann")

    deliver()

    assert identified_as(segment) == ["Ann", "Anna", "Ann"]
    assert outcomes(event="identify") == [("identify", "accepted")] * 3


@pytest.mark.django_db
def test_newer_traits_are_sent_again_after_a_repetition_that_segment_may_have_dropped(
    segment: SegmentStandIn, settings: Settings
) -> None:
    """The first attempt was accepted without a response, then a brand was renamed.

    The repetition has the new name under the same messageId.
    """
    settings.SEGMENT_TIMEOUT = 0.3
    business = sending_business(WRITE_KEY)
    brand = BrandFactory.create(business=business, name="Old Name")
    sign_up(business, brand=brand)
    segment.fault("accept_then_timeout")
    deliver()
    segment.clear_faults()
    brand.name = "New Name"
    brand.save()
    time_passes()
    deliver()

    assert fan_out_all()
    deliver()

    brands = [
        message["traits"]["brand"]
        for message in segment.accepted()
        if message["type"] == "identify"
    ]
    assert brands == ["Old Name", "New Name"]


@pytest.mark.parametrize(
    ("details", "integrations"),
    [
        ({"email": "ann@example.com", "receive_emails": True}, {}),
        ({"email": "", "receive_emails": True}, {"Promoter.io": False}),
        ({"email": "ann@example.com", "receive_emails": False}, {"Promoter.io": False}),
    ],
)
@pytest.mark.django_db
def test_a_survey_is_only_for_customers_who_have_an_email_and_want_emails(
    details: dict[str, Any], integrations: dict[str, bool], segment: SegmentStandIn
) -> None:
    sign_up(sending_business(WRITE_KEY), **details)

    deliver()

    identify, signup = segment.accepted()
    assert (identify["type"], identify["integrations"]) == ("identify", {})
    assert (signup["event"], signup["integrations"]) == ("New Customer Signup", integrations)


@pytest.mark.django_db
def test_the_log_keeps_each_message_as_it_was_sent_except_the_link(
    segment: SegmentStandIn,
) -> None:
    customer = sign_up(sending_business(WRITE_KEY))

    deliver()

    identify, signup = segment.accepted()
    assert identify["traits"]["link"] == account_link(customer.uuid, customer.link_version)
    hidden = identify | {
        "traits": identify["traits"] | {"link": "(hidden: it opens the customer's account)"}
    }
    assert [entry.message for entry in logged()] == [hidden, signup]


@pytest.mark.django_db
def test_the_context_says_that_the_customer_was_not_seen_and_has_the_business_time_zone(
    segment: SegmentStandIn,
) -> None:
    sign_up(sending_business(WRITE_KEY))

    deliver()

    for message in segment.accepted():
        context = message["context"]
        assert {name: context[name] for name in ("ip", "active", "timezone")} == {
            "ip": "0",
            "active": False,
            "timezone": "America/Los_Angeles",
        }
