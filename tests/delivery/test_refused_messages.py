"""400: bisect until the refused messages are alone. If all are refused, the key is at fault."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from customers.models import Business, Customer
from events.lanes import lane_control
from events.models import Integration, Lane, Outgoing
from events.outbox.record import new_message_id
from smrt_integration.delivery.post import ALL_REFUSED
from smrt_integration.delivery.send_test_event import send_test_event
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    attempts,
    deliver,
    event_names,
    lane_of,
    logged,
    message_ids,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
)
from tests.segment import SegmentStandIn


@pytest.mark.django_db
def test_only_the_refused_message_is_logged_as_refused_with_its_reason_and_facts(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    add_visits(50, sign_up(business))
    refused_row = waiting(event="Customer Visit", subject_id=33)[0]
    segment.fault("refuse_messages", contains=refused_row.message_id)

    deliver()

    (rejected,) = logged(outcome="rejected")
    assert (rejected.message_id, rejected.reason, rejected.attempts) == (
        refused_row.message_id,
        "Segment refused this message (it answered 400).",
        1,
    )
    assert rejected.facts == {"visit_type": "Store"}
    assert rejected.message is not None
    assert rejected.message["messageId"] == refused_row.message_id
    assert rejected.sent_at is not None
    assert [entry.facts for entry in logged(outcome="accepted")] == [None] * 51
    assert [message["messageId"] for message in segment.accepted()] == [
        entry.message_id for entry in logged(outcome="accepted")
    ]
    assert waiting() == []
    lane = lane_of(business)
    assert (lane.stopped, lane.failures, lane.last_error) == ("", 0, "")


@pytest.mark.django_db
def test_the_others_keep_their_order_and_each_request_leaves_an_attempt(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    add_visits(20, sign_up(business))
    for number in (3, 4, 17):
        segment.fault(
            "refuse_messages",
            contains=waiting(event="Customer Visit", subject_id=number)[0].message_id,
        )
    recorded = [row.subject_id for row in waiting(event="Customer Visit")]

    deliver()

    sent = [entry.subject_id for entry in logged(outcome="accepted", event="Customer Visit")]
    assert sent == [number for number in recorded if number not in {3, 4, 17}]
    assert [entry.subject_id for entry in logged(outcome="rejected")] == [3, 4, 17]
    assert [attempt.status for attempt in attempts(business)] == [
        request.status for request in segment.requests()
    ]


@pytest.mark.django_db
def test_when_everything_is_refused_the_lane_halts_and_no_message_is_refused(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    add_visits(3, sign_up(business))
    recorded = message_ids()
    segment.fault("status", status=400)

    deliver()

    lane = lane_of(business)
    assert (lane.stopped, lane.last_error, lane.failures) == (ALL_REFUSED, ALL_REFUSED, 0)
    assert lane.stopped_at is not None
    assert logged() == []
    assert message_ids() == recorded
    posted = len(segment.requests())
    time_passes()
    deliver()
    assert len(segment.requests()) == posted


@pytest.mark.django_db
def test_pasting_the_key_again_sends_everything_that_waited(segment: SegmentStandIn) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    recorded = message_ids()
    segment.fault("status", status=400)
    deliver()
    segment.clear_faults()

    Integration.objects.get(business=business).save()
    deliver()

    assert [message["messageId"] for message in segment.accepted()] == recorded
    assert outcomes() == [("identify", "accepted"), ("New Customer Signup", "accepted")]
    assert (lane_of(business).stopped, lane_of(business).last_error) == ("", "")


@pytest.mark.django_db
def test_a_refused_identify_does_not_affect_other_customers(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    refused_row, fine = sign_up(business), sign_up(business)
    segment.fault("refuse_messages", contains=f'"type": "identify", "userId": "{refused_row.uuid}"')

    deliver()

    assert [(entry.event, entry.customer_id) for entry in logged(outcome="rejected")] == [
        ("identify", refused_row.pk)
    ]
    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]
    assert {message["userId"] for message in segment.accepted()} == {str(fine.uuid)}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.django_db
def test_413_splits_the_request(times: int, segment: SegmentStandIn) -> None:
    """A receiver in between that takes only small requests."""
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    deliver()
    add_visits(4, customer)
    segment.fault("status", status=413, times=times)

    deliver()

    assert event_names(segment.accepted())[2:] == ["Customer Visit"] * 4
    assert {entry.outcome for entry in logged()} == {"accepted"}


@pytest.mark.django_db
def test_only_the_message_that_is_too_large_for_segment_is_refused(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    deliver()
    add_visits(1, customer)
    segment.fault("status", status=413)

    deliver()

    assert [(entry.event, entry.reason) for entry in logged(outcome="rejected")] == [
        ("Customer Visit", "Segment says this message is too large (it answered 413).")
    ]
    assert (lane_of(business).stopped, waiting()) == ("", [])


@pytest.fixture
def proven(segment: SegmentStandIn) -> Customer:
    """A customer of a business whose write key was accepted a moment ago."""
    customer = sign_up(sending_business(WRITE_KEY))
    deliver()
    return customer


def refuse_visits(customer: Customer, segment: SegmentStandIn, count: int) -> None:
    """Let visits be refused one by one, each alone in its round."""
    segment.fault("refuse_messages", contains="Customer Visit")
    for _ in range(count):
        add_visits(1, customer)
        deliver()
        time_passes()


@pytest.mark.django_db
def test_a_message_refused_alone_is_refused_when_the_key_was_accepted_lately(
    proven: Customer, segment: SegmentStandIn
) -> None:
    refuse_visits(proven, segment, 2)

    assert outcomes(event="Customer Visit") == [("Customer Visit", "rejected")] * 2
    assert (lane_of(proven.business).stopped, waiting()) == ("", [])


@pytest.mark.django_db
def test_the_third_message_in_a_row_that_is_refused_halts_the_lane_and_is_kept(
    proven: Customer, segment: SegmentStandIn
) -> None:
    refuse_visits(proven, segment, 3)

    assert lane_of(proven.business).stopped == ALL_REFUSED
    assert outcomes(event="Customer Visit") == [("Customer Visit", "rejected")] * 2
    assert [row.event for row in waiting()] == ["Customer Visit"]


@pytest.mark.django_db
def test_three_messages_refused_in_one_round_halt_the_lane_and_are_all_kept(
    proven: Customer, segment: SegmentStandIn
) -> None:
    segment.fault("refuse_messages", contains="Customer Visit")
    add_visits(3, proven)

    deliver()

    assert lane_of(proven.business).stopped == ALL_REFUSED
    assert len(waiting()) == 3


@pytest.mark.django_db
def test_an_accepted_message_between_refused_ones_keeps_the_lane_going(
    proven: Customer, segment: SegmentStandIn
) -> None:
    refuse_visits(proven, segment, 2)
    sign_up(proven.business)
    deliver()
    refuse_visits(proven, segment, 2)

    assert lane_of(proven.business).stopped == ""
    assert outcomes(event="Customer Visit") == [("Customer Visit", "rejected")] * 4


@pytest.mark.django_db
def test_a_lane_that_its_owner_resumed_refuses_what_halted_it_and_goes_on(
    proven: Customer, segment: SegmentStandIn
) -> None:
    refuse_visits(proven, segment, 3)
    lane_control.resume(proven.business_id)

    deliver()

    assert outcomes(event="Customer Visit") == [("Customer Visit", "rejected")] * 3
    assert (lane_of(proven.business).stopped, waiting()) == ("", [])


@pytest.mark.parametrize("ago", [timedelta(hours=24, minutes=1), None])
@pytest.mark.django_db
def test_a_key_that_was_accepted_long_ago_or_is_new_is_no_evidence(
    proven: Customer, segment: SegmentStandIn, ago: timedelta | None
) -> None:
    if ago:
        Lane.objects.update(destination_accepted_at=timezone.now() - ago)
    else:
        Lane.objects.update(accepted_destination="another")

    refuse_visits(proven, segment, 1)

    assert lane_of(proven.business).stopped == ALL_REFUSED
    assert [row.event for row in waiting()] == ["Customer Visit"]


@pytest.mark.django_db
def test_a_test_event_that_segment_accepted_is_evidence_too(segment: SegmentStandIn) -> None:
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    Outgoing.objects.all().delete()
    customer.delete()
    add_visits_of_nobody(business)
    send_test_event(Integration.objects.get(), "Hello")
    segment.fault("refuse_messages", contains="Customer Visit")

    deliver()

    assert outcomes(event="Customer Visit") == [("Customer Visit", "rejected")]


def add_visits_of_nobody(business: Business) -> None:
    """Let a visit of a deleted customer wait, which needs no identify."""
    Outgoing.objects.create(
        business=business,
        customer_id=0,
        user_id=uuid4(),
        event="Customer Visit",
        subject_id=1,
        message_id=new_message_id(),
        occurred_at=timezone.now(),
        facts={"visit_type": "Store"},
    )
