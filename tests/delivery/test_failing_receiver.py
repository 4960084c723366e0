"""5xx, time-outs, refused or cut connections, redirects: only that lane backs off and retries."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from devtools.services.ports import free_port
from events.models import Outgoing
from smrt_integration.delivery import backoff, responses
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
    write_key,
)
from tests.segment import SegmentStandIn

FAILURES = [
    *(
        ("status", {"status": status}, responses.interpret(status, None).error)
        for status in (408, 410, 460, 500, 502, 503, 504)
    ),
    ("redirect", {"status": 302}, responses.interpret(302, None).error),
    ("redirect", {"status": 307}, responses.interpret(307, None).error),
    ("cut", {}, responses.unreachable().error),
    ("hang", {}, responses.timed_out().error),
]


@pytest.mark.parametrize(("kind", "spec", "error"), FAILURES)
@pytest.mark.django_db
def test_everything_waits_and_is_sent_later_in_order_and_once(
    kind: Any, spec: dict[str, Any], error: str, segment: SegmentStandIn, settings: Settings
) -> None:
    settings.SEGMENT_TIMEOUT = 0.3
    business = sending_business(WRITE_KEY)
    add_visits(3, sign_up(business))
    recorded = message_ids()
    # a receiver where a followed redirect would be accepted
    segment.fault(
        kind, **spec, **({"location": f"{segment.url}/v1/track"} if kind == "redirect" else {})
    )

    deliver()

    lane, failed = lane_of(business), len(segment.requests())
    assert failed >= 1
    assert segment.messages() == []
    assert (lane.failures, lane.stopped, lane.last_error, lane.lease_token) == (
        failed,
        "",
        error,
        None,
    )
    assert lane.resume_at <= timezone.now() + timedelta(seconds=backoff.ceiling(failed))
    assert lane.failing_since is not None
    # The tracks were not tried: they are sent once the identify before them was accepted.
    assert message_ids() == recorded
    assert [(row.attempts, row.last_error) for row in waiting()] == [
        (0, ""),
        (failed, error),
        (0, ""),
        (0, ""),
        (0, ""),
    ]
    assert [(attempt.messages, attempt.error) for attempt in attempts(business)] == [
        (1, error)
    ] * failed
    assert logged() == []

    segment.clear_faults()
    time_passes()
    deliver()

    assert [message["messageId"] for message in segment.accepted(WRITE_KEY)] == recorded
    assert event_names(segment.accepted(WRITE_KEY)) == [
        "identify",
        "New Customer Signup",
        *["Customer Visit"] * 3,
    ]
    assert outcomes() == [
        ("identify", "accepted"),
        ("New Customer Signup", "accepted"),
        *[("Customer Visit", "accepted")] * 3,
    ]
    assert [entry.attempts for entry in logged()] == [failed + 1, 1, 1, 1, 1]
    assert waiting() == []
    lane = lane_of(business)
    assert (lane.failures, lane.last_error, lane.failing_since) == (0, "", None)
    assert lane.last_accepted_at is not None


@pytest.mark.django_db
def test_after_a_refused_connection_the_lane_waits_and_the_attempt_has_no_status(
    segment: SegmentStandIn, settings: Settings
) -> None:
    settings.SEGMENT_HOST = f"http://127.0.0.1:{free_port()}"
    business = sending_business(WRITE_KEY)
    sign_up(business)

    deliver()

    lane = lane_of(business)
    assert (lane.failures >= 1, lane.stopped, lane.last_error) == (
        True,
        "",
        "Segment could not be reached.",
    )
    assert {attempt.status for attempt in attempts(business)} == {None}

    settings.SEGMENT_HOST = segment.url
    time_passes()
    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]


@pytest.mark.django_db
def test_other_businesses_are_sent_in_the_same_run(segment: SegmentStandIn) -> None:
    segment.fault("status", write_key(1), status=503)
    for number in (1, 2, 3):
        sign_up(sending_business(write_key(number)))

    deliver()

    assert {arrival.write_key for arrival in segment.messages()} == {write_key(2), write_key(3)}
    assert [row.business.integration.write_key for row in waiting()] == [write_key(1)] * 2


@pytest.mark.django_db
def test_failures_in_a_row_lengthen_the_wait_and_segment_gets_their_count(
    segment: SegmentStandIn,
) -> None:
    segment.fault("status", status=500)
    business = sending_business(WRITE_KEY)
    sign_up(business)

    while lane_of(business).failures < 4:
        time_passes()
        deliver()

    lane = lane_of(business)
    assert [request.retry_count for request in segment.requests()] == list(range(lane.failures))
    assert lane.resume_at <= timezone.now() + timedelta(seconds=backoff.ceiling(lane.failures))
    assert [row.attempts for row in waiting()] == [0, lane.failures]


@pytest.mark.django_db
def test_what_is_recorded_while_the_lane_waits_is_sent_after_what_waited(
    segment: SegmentStandIn,
) -> None:
    segment.fault("status", status=500)
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    deliver()
    add_visits(2, customer)

    segment.clear_faults()
    time_passes()
    deliver()

    assert event_names(segment.accepted()) == [
        "identify",
        "New Customer Signup",
        "Customer Visit",
        "Customer Visit",
    ]


@pytest.mark.django_db
def test_a_success_resets_the_count_of_failures(segment: SegmentStandIn) -> None:
    """A failure after an accepted request of the same round is the first in a row again."""
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    segment.fault("status", status=500, times=1)
    deliver()
    time_passes()
    deliver()
    add_visits(1, customer)
    segment.fault("status", status=500)

    deliver()

    lane = lane_of(business)
    assert segment.requests()[-lane.failures].retry_count == 0
    assert [(row.event, row.attempts) for row in waiting()] == [("Customer Visit", lane.failures)]


@pytest.mark.django_db
def test_messages_whose_response_was_lost_are_repeated_under_the_same_ids_and_logged_once(
    segment: SegmentStandIn, settings: Settings
) -> None:
    """Segment accepted them without a response, and drops the repetition by its messageId."""
    settings.SEGMENT_TIMEOUT = 0.3
    business = sending_business(WRITE_KEY)
    sign_up(business)
    recorded = message_ids()
    segment.fault("accept_then_timeout")

    deliver()
    segment.clear_faults()
    time_passes()
    deliver()

    arrived = [(arrival.message["messageId"], arrival.verdict) for arrival in segment.messages()]
    repeated = len(segment.requests()) - 2
    assert arrived == [
        (recorded[0], "accepted"),
        *[(recorded[0], "dropped")] * repeated,
        (recorded[1], "accepted"),
    ]
    assert repeated >= 1
    assert [(entry.message_id, entry.outcome, entry.attempts) for entry in logged()] == [
        (recorded[0], "accepted", 1 + repeated),
        (recorded[1], "accepted", 1),
    ]


@pytest.mark.django_db
def test_events_that_waited_for_an_hour_keep_their_time(
    segment: SegmentStandIn,
) -> None:
    """Segment computes it as receivedAt - (sentAt - timestamp).

    A sentAt of an earlier attempt would shift it.
    """
    sign_up(sending_business(WRITE_KEY))
    segment.fault("status", status=500)
    deliver()
    happened = timezone.now() - timedelta(hours=1)
    Outgoing.objects.update(occurred_at=happened)
    segment.clear_faults()
    time_passes()

    deliver()

    assert len(segment.accepted()) == 2
    for arrival in segment.messages():
        assert abs(arrival.timestamp - happened) < timedelta(seconds=2)


@pytest.mark.django_db
def test_a_lane_is_logged_when_it_begins_failing_and_when_it_is_well_and_not_between(
    segment: SegmentStandIn,
) -> None:
    failing, well, refused = (sending_business(write_key(number)) for number in range(3))
    for business in (failing, well, refused):
        sign_up(business)
    segment.fault("status", write_key(0), status=503)
    segment.fault("status", write_key(2), status=401)
    with capture_logs() as logged_lines:
        for _ in range(3):
            time_passes()
            deliver()
        segment.clear_faults()
        for _ in range(2):
            time_passes()
            deliver()

    lines = [
        (line["event"], line["businesses"], line.get("error"))
        for line in logged_lines
        if line["log_level"] in {"warning", "error"}
    ]
    assert sorted(lines) == [
        ("lanes_failing", [failing.pk], responses.interpret(503, None).error),
        ("lanes_failing", [refused.pk], responses.KEY_REFUSED),
        ("lanes_well", [failing.pk], None),
    ]
    assert len(attempts(failing)) > 3
