"""429 and Retry-After: the lane waits as told, and that is no failed attempt."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    attempts,
    deliver,
    event_names,
    lane_of,
    logged,
    sending_business,
    sign_up,
    time_passes,
    waiting,
)
from tests.segment import SegmentStandIn


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.django_db
def test_the_lane_waits_the_seconds_of_retry_after_and_counts_no_failure(
    status: int, segment: SegmentStandIn
) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    segment.fault("status", status=status, retry_after=90)
    before = timezone.now()

    deliver()

    lane = lane_of(business)
    assert (
        before + timedelta(seconds=90) <= lane.resume_at <= timezone.now() + timedelta(seconds=90)
    )
    assert (lane.failures, lane.stopped) == (0, "")
    assert lane.last_error == f"Segment asked us to slow down (it answered {status})."
    assert [row.attempts for row in waiting()] == [0, 0]
    assert [(attempt.status, attempt.error) for attempt in attempts(business)] == [
        (status, lane.last_error)
    ]
    assert logged() == []


@pytest.mark.django_db
def test_the_lane_waits_until_the_date_of_retry_after(segment: SegmentStandIn) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=120)
    segment.fault("status", status=429, retry_after=format_datetime(until, usegmt=True))

    deliver()

    # the SDK rounds down to whole seconds
    assert (
        until - timedelta(seconds=1) <= lane_of(business).resume_at <= until + timedelta(seconds=1)
    )
    assert lane_of(business).failures == 0


@pytest.mark.parametrize("retry_after", [None, "Wed, 21 Oct 2015 07:28:00 GMT"])
@pytest.mark.django_db
def test_429_without_a_future_time_waits_ten_seconds(
    retry_after: str | None, segment: SegmentStandIn
) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    segment.fault("status", status=429, **({"retry_after": retry_after} if retry_after else {}))
    before = timezone.now()

    deliver()

    assert (
        before + timedelta(seconds=10)
        <= lane_of(business).resume_at
        <= timezone.now() + timedelta(seconds=10)
    )
    assert lane_of(business).failures == 0


@pytest.mark.django_db
def test_a_retry_after_of_zero_still_waits_a_second(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    segment.fault("status", status=429, retry_after=0)
    before = timezone.now()

    deliver()

    assert len(segment.requests()) == 1
    assert lane_of(business).resume_at >= before + timedelta(seconds=1)


@pytest.mark.django_db
def test_nothing_is_posted_before_that_time_and_everything_after_it(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    segment.fault("status", status=429, retry_after=90, times=1)
    deliver()

    deliver()

    assert len(segment.requests()) == 1
    time_passes()
    deliver()
    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]
    assert [entry.attempts for entry in logged()] == [1, 1]
    assert [request.retry_count for request in segment.requests()] == [0, 0, 0]


@pytest.mark.django_db
def test_a_wait_that_segment_asked_for_keeps_the_count_of_failures(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    segment.fault("status", status=500)
    deliver()
    failed = lane_of(business).failures
    segment.clear_faults()
    segment.fault("status", status=429, retry_after=90)
    time_passes()

    deliver()

    assert lane_of(business).failures == failed
    assert [row.attempts for row in waiting()] == [0, failed]
