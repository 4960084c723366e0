"""What was posted without an answer may be at Segment: it ends with the newest traits, and the log
says what is not known."""

import time
from collections.abc import Callable
from concurrent.futures import wait
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from customers.models import Business, Customer
from events.clock import database_now
from events.jobs import discard
from events.jobs.run import run_jobs
from events.models import Lane, Outgoing, UnansweredIdentify
from events.outbox.expire import expire
from events.outbox.unanswered import MAY_HAVE_IT, resolve_all
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import LEASE
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.leases import MARGIN_SECONDS
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    delivering,
    lane_of,
    logged,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
)
from tests.segment import SegmentStandIn
from tests.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def business(segment: SegmentStandIn) -> Business:
    return sending_business(WRITE_KEY)


@pytest.fixture
def customer(business: Business) -> Customer:
    """A customer who wants texts, as Segment knows."""
    customer = sign_up(business, first_name="Ann", receive_texts=True)
    deliver()
    return customer


def allow_texts(customer: Customer, allowed: bool) -> None:
    customer.receive_texts = allowed
    customer.save()


def texts_at_segment(segment: SegmentStandIn) -> list[bool]:
    return [
        message["traits"]["receiveTexts"]
        for message in segment.accepted()
        if message["type"] == "identify"
    ]


def lose_the_answer(segment: SegmentStandIn) -> None:
    segment.fault("accept_then_timeout", times=1)
    delivery = Delivery()
    with override_settings(SEGMENT_TIMEOUT=0.3):
        delivery._start_round()
        wait(delivery.in_flight)
    delivery._settle(5.0)


def kill_the_worker(segment: SegmentStandIn) -> None:
    """Post, and leave the lane leased and the results unsettled, as a killed worker does."""
    delivery = Delivery()
    delivery._start_round()
    wait(delivery.in_flight)
    time_passes()


FAULTS: list[Callable[[SegmentStandIn], None]] = [lose_the_answer, kill_the_worker]


@pytest.mark.parametrize("lose", FAULTS)
@pytest.mark.parametrize("at_first", [True, False])
def test_a_change_back_is_sent_when_the_change_was_posted_without_an_answer(
    customer: Customer, segment: SegmentStandIn, lose: Callable[..., None], at_first: bool
) -> None:
    allow_texts(customer, at_first)
    deliver()
    segment.reset()
    allow_texts(customer, not at_first)
    lose(segment)

    allow_texts(customer, at_first)
    time_passes()
    deliver()

    assert texts_at_segment(segment) == [not at_first, at_first]
    assert waiting() == []


def test_an_identify_that_was_replaced_after_its_answer_was_lost_is_logged_with_its_body(
    customer: Customer, segment: SegmentStandIn
) -> None:
    allow_texts(customer, False)
    (posted,) = waiting()
    lose_the_answer(segment)
    allow_texts(customer, True)
    time_passes()

    deliver()

    (entry,) = logged(outcome="unconfirmed")
    assert (entry.message_id, entry.attempts, entry.event) == (posted.message_id, 1, "identify")
    assert entry.message is not None
    assert entry.message["traits"]["receiveTexts"] is False
    assert (entry.customer_id, entry.user_id) == (customer.pk, customer.uuid)
    assert entry.sent_at is not None
    assert entry.sent_at < entry.settled_at
    assert "Segment may have it" in entry.reason
    assert UnansweredIdentify.objects.count() == 0


def test_of_an_identify_whose_worker_was_killed_the_log_has_the_id_and_the_time(
    customer: Customer, segment: SegmentStandIn
) -> None:
    allow_texts(customer, False)
    (posted,) = waiting()
    before = database_now()
    kill_the_worker(segment)
    allow_texts(customer, True)

    deliver()

    (entry,) = logged(outcome="unconfirmed")
    assert (entry.message_id, entry.body, entry.attempts) == (posted.message_id, "", 1)
    assert entry.sent_at is not None
    assert before <= entry.sent_at <= entry.settled_at
    accepted = {message["messageId"] for message in segment.accepted()}
    assert accepted == {entry.message_id for entry in logged()}


def test_an_identify_that_is_repeated_with_success_is_logged_once_as_accepted(
    customer: Customer, segment: SegmentStandIn
) -> None:
    allow_texts(customer, False)
    lose_the_answer(segment)
    time_passes()

    deliver()
    resolve_all(database_now())

    assert outcomes(event="identify") == [("identify", "accepted")] * 2
    assert UnansweredIdentify.objects.count() == 0


def test_details_that_were_only_posted_without_an_answer_are_not_sent_again_once_repeated(
    customer: Customer, segment: SegmentStandIn
) -> None:
    """The repetition had the same traits, so nothing else can be at Segment."""
    allow_texts(customer, False)
    lose_the_answer(segment)
    time_passes()
    deliver()

    allow_texts(customer, True)
    allow_texts(customer, False)
    deliver()

    assert outcomes(event="identify")[-1] == ("identify", "skipped")


def test_a_replaced_identify_is_logged_although_no_worker_claims_the_lane(
    customer: Customer, segment: SegmentStandIn
) -> None:
    allow_texts(customer, False)
    lose_the_answer(segment)
    allow_texts(customer, True)
    Lane.objects.update(stopped="Stopped.")

    resolve_all(database_now())
    resolve_all(database_now())

    assert outcomes(outcome="unconfirmed") == [("identify", "unconfirmed")]


def test_older_traits_that_were_posted_after_newer_ones_are_followed_by_the_newer_again(
    customer: Customer, segment: SegmentStandIn
) -> None:
    """A worker read the traits, was held up past its lease, and posted them then."""
    allow_texts(customer, False)
    delayed = Delivery()
    segment.fault("delay", delay_ms=200, times=1)
    delayed._start_round()
    time_passes()
    allow_texts(customer, True)
    deliver()
    assert texts_at_segment(segment)[1:] != [False]

    delayed._settle(5.0)
    deliver()

    assert texts_at_segment(segment)[-1] is True
    assert len(logged(event="identify")) == len({e.message_id for e in logged(event="identify")})
    assert {message["messageId"] for message in segment.accepted()} == {
        entry.message_id for entry in logged(outcome="accepted")
    } | {entry.message_id for entry in logged(outcome="unconfirmed")}


def test_nothing_is_posted_when_the_lease_has_too_little_time_left(
    customer: Customer, segment: SegmentStandIn
) -> None:
    posted = len(segment.requests())
    allow_texts(customer, False)
    delivery = Delivery()
    lanes = delivery._claim()
    held_up_since = time.monotonic() - LEASE.total_seconds() + MARGIN_SECONDS
    delivery.leases.add(lanes, held_up_since)

    delivery._post(build(delivery._load(lanes)))
    wait(delivery.in_flight)
    delivery._settle(0.0)

    assert len(segment.requests()) == posted
    assert lane_of(customer.business).lease_token is None


def test_leases_are_renewed_while_the_database_keeps_the_worker_waiting(
    customer: Customer,
) -> None:
    allow_texts(customer, False)
    delivery = Delivery()
    (lane,) = delivery._claim()
    # the thread that claims has been waiting for 20 s
    Lane.objects.update(lease_until=database_now() + timedelta(seconds=10))
    delivery.leases.add([lane], time.monotonic() - 20)
    delivery.leases._renewed_at = time.monotonic() - 20

    with delivery.leases.kept():
        wait_until(
            lambda: Lane.objects.filter(lease_until__gt=database_now() + timedelta(seconds=25)),
            "the lease was renewed",
        )

    assert delivery.leases.holds(lane)


def test_a_worker_that_loses_its_connections_takes_its_lanes_again_at_once(
    business: Business, segment: SegmentStandIn
) -> None:
    customer = sign_up(business)
    add_visits(3, customer)
    segment.fault("delay", delay_ms=400, times=1)

    with delivering():
        wait_until(segment.requests, "the first request was in flight")
        terminate_connections()
        add_visits(1, customer)

    assert lane_of(business).lease_token is None
    assert waiting() == []
    assert sorted(outcomes()) == sorted(
        [("identify", "accepted"), ("New Customer Signup", "accepted")]
        + [("Customer Visit", "accepted")] * 4
    )
    assert [arrival.verdict for arrival in segment.messages()] == ["accepted"] * 6


def terminate_connections() -> None:
    """End all connections to the test database but this thread's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


def test_an_event_that_is_discarded_after_an_unanswered_attempt_is_unconfirmed(
    customer: Customer, business: Business, segment: SegmentStandIn
) -> None:
    add_visits(1, customer)
    lose_the_answer(segment)
    discard_all(business)

    (entry,) = logged(outcome="unconfirmed")
    assert (entry.event, entry.attempts) == ("Customer Visit", 1)
    assert entry.reason == f"{discard.DISCARDED_REASON} {MAY_HAVE_IT}"
    assert entry.facts == {"visit_type": "Store"}


def test_an_event_that_is_discarded_after_its_worker_died_is_unconfirmed(
    customer: Customer, business: Business, segment: SegmentStandIn
) -> None:
    add_visits(1, customer)
    kill_the_worker(segment)
    Lane.objects.update(lease_until=timezone.now())
    discard_all(business)

    assert outcomes(event="Customer Visit") == [("Customer Visit", "unconfirmed")]


def discard_all(business: Business) -> None:
    backlog = discard.read_backlog(business.pk, None)
    assert discard.request_discard(
        backlog, business.pk, business.time_zone, None, timezone.now(), None, None
    )
    run_jobs(database_now())


def test_an_event_that_expires_after_an_unanswered_attempt_is_unconfirmed(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_visits(1, customer)
    lose_the_answer(segment)
    Outgoing.objects.update(recorded_at=timezone.now() - timedelta(days=31))

    assert expire(timezone.now()) == 1

    assert outcomes(event="Customer Visit") == [("Customer Visit", "unconfirmed")]


def test_what_waits_when_its_business_is_deleted_is_logged(
    customer: Customer, business: Business, segment: SegmentStandIn
) -> None:
    allow_texts(customer, False)
    lose_the_answer(segment)
    add_visits(1, customer)
    customer.delete()
    business.delete()

    assert expire(database_now()) == 2
    resolve_all(database_now())

    assert outcomes()[-2:] == [("identify", "unconfirmed"), ("Customer Visit", "skipped")]
    assert (waiting(), UnansweredIdentify.objects.count()) == ([], 0)


def test_an_event_that_is_refused_after_an_unanswered_attempt_is_unconfirmed(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_visits(1, customer)
    lose_the_answer(segment)
    segment.fault("refuse_messages", contains="Customer Visit")
    time_passes()

    deliver()

    (entry,) = logged(event="Customer Visit")
    assert (entry.outcome, entry.attempts) == ("unconfirmed", 2)
    assert entry.reason == f"Segment refused this message (it answered 400). {MAY_HAVE_IT}"


def test_an_answered_failure_leaves_no_doubt_about_an_event(
    customer: Customer, business: Business, segment: SegmentStandIn
) -> None:
    add_visits(1, customer)
    segment.fault("status", status=503, times=1)
    deliver()
    discard_all(business)

    assert outcomes(event="Customer Visit") == [("Customer Visit", "skipped")]


def test_a_worker_without_its_lease_does_not_decide_what_is_refused(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_visits(1, customer)
    segment.fault("refuse_messages", contains="Customer Visit")
    delivery = Delivery()
    delivery._start_round()
    wait(delivery.in_flight)
    Lane.objects.update(lease_token=uuid4())

    delivery._settle(5.0)

    assert [row.event for row in waiting()] == ["Customer Visit"]
    assert logged(event="Customer Visit") == []
