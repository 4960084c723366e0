"""401, 403, 404, 405: the lane halts, its events wait, and saving the settings resumes it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.lanes import lane_control
from events.models import AcceptedTraits, Integration
from smrt_integration.delivery import responses
from smrt_integration.delivery.claim import claim_lanes
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    attempts,
    deliver,
    delivering,
    event_names,
    lane_of,
    logged,
    message_ids,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
    write_key,
)
from tests.segment import SegmentStandIn
from tests.workers import wait_until


@pytest.mark.parametrize("status", [401, 403, 404, 405])
@pytest.mark.django_db
def test_a_refused_key_halts_the_lane_with_a_sentence_for_the_owner(
    status: int, segment: SegmentStandIn
) -> None:
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    recorded = message_ids()
    segment.fault("status", status=status)
    before = timezone.now()

    deliver()

    lane = lane_of(business)
    assert lane.stopped == lane.last_error == responses.HALTING_ERRORS[status]
    assert lane.stopped_at is not None
    assert before <= lane.stopped_at <= timezone.now()
    assert (lane.failures, lane.lease_token) == (0, None)
    assert [(attempt.status, attempt.error) for attempt in attempts(business)] == [
        (status, responses.HALTING_ERRORS[status])
    ]
    assert (message_ids(), logged()) == (recorded, [])

    # Segment recovers and time passes: old and new events still wait for the owner.
    segment.clear_faults()
    time_passes()
    add_visits(1, customer)
    deliver()
    assert len(segment.requests()) == 1
    assert [row.event for row in waiting()] == ["New Customer Signup", "identify", "Customer Visit"]


@pytest.mark.django_db
def test_saving_the_settings_resumes_the_lane_and_sends_everything_in_order(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(write_key(1))
    add_visits(2, sign_up(business))
    recorded = message_ids()
    segment.fault("status", write_key(1), status=401)
    deliver()

    integration = Integration.objects.get(business=business)
    integration.write_key = write_key(2)
    integration.save()
    deliver()

    assert [message["messageId"] for message in segment.accepted(write_key(2))] == recorded
    assert event_names(segment.accepted()) == [
        "identify",
        "New Customer Signup",
        "Customer Visit",
        "Customer Visit",
    ]
    lane = lane_of(business)
    assert (lane.stopped, lane.stopped_at, lane.last_error, lane.failing_since) == (
        "",
        None,
        "",
        None,
    )


@pytest.mark.django_db
def test_other_businesses_are_not_affected(segment: SegmentStandIn) -> None:
    for number in (1, 2):
        sign_up(sending_business(write_key(number)))
    segment.fault("status", write_key(1), status=403)

    deliver()

    assert event_names(segment.accepted(write_key(2))) == ["identify", "New Customer Signup"]
    assert segment.messages(write_key(1)) == []


@pytest.mark.django_db
def test_what_was_accepted_before_the_halt_is_logged(segment: SegmentStandIn) -> None:
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    add_visits(1, customer)
    segment.fault("delay", delay_ms=1, times=1)
    segment.fault("status", status=401)

    deliver()

    assert outcomes() == [("identify", "accepted")]
    assert AcceptedTraits.objects.filter(customer=customer).exists()
    assert [(row.event, row.attempts) for row in waiting()] == [
        ("New Customer Signup", 1),
        ("Customer Visit", 1),
    ]
    assert lane_of(business).last_accepted_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_response_to_the_old_key_does_not_halt_a_lane_whose_owner_just_saved_a_new_key(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(write_key(1))
    sign_up(business)
    # The identify is in flight while the owner saves. The signup after it still has the old key,
    # and is refused.
    segment.fault("delay", write_key(1), delay_ms=700, times=1)
    segment.fault("status", write_key(1), status=401)

    with delivering():
        wait_until(lambda: segment.requests(write_key(1)), "the identify was in flight")
        integration = Integration.objects.get(business=business)
        integration.write_key = write_key(2)
        integration.save()

    assert [request.status for request in segment.requests(write_key(1))] == [200, 401]
    lane = lane_of(business)
    assert (lane.stopped, lane.last_error, lane.failures) == ("", "", 0)
    # The new source does not know the customer, so they are identified there before their event.
    assert event_names(segment.accepted(write_key(2))) == ["identify", "New Customer Signup"]
    assert outcomes() == [
        ("identify", "accepted"),
        ("identify", "accepted"),
        ("New Customer Signup", "accepted"),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_failure_with_the_old_settings_does_not_delay_the_new_ones(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(write_key(1))
    sign_up(business)
    segment.fault("delay", write_key(1), delay_ms=700, times=1)
    segment.fault("status", write_key(1), status=429, retry_after=300)

    with delivering():
        wait_until(lambda: segment.requests(write_key(1)), "the identify was in flight")
        integration = Integration.objects.get(business=business)
        integration.write_key = write_key(2)
        integration.save()

    assert event_names(segment.accepted(write_key(2))) == ["identify", "New Customer Signup"]
    assert lane_of(business).resume_at <= timezone.now()


@pytest.mark.django_db
def test_a_lane_that_is_resumed_is_due_at_once_for_a_worker_whose_reading_is_behind() -> None:
    """A worker reads the database's clock once a minute, and the answer takes a moment."""
    business = sending_business(WRITE_KEY)
    sign_up(business)
    reading = timezone.now() - timedelta(milliseconds=30)

    lane_control.resume_halted(business.pk)

    assert [lane.business_id for lane in claim_lanes(reading, 10)] == [business.pk]
