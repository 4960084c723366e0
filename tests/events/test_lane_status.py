"""The sentence about a lane's status, and the remedy. Times are in the business's time zone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from customers.business_clock import BusinessClock
from customers.models import Business
from events.lanes.read_status import lane_statuses
from events.lanes.status import (
    CHOICE_WANTED,
    COUNTED_MESSAGES,
    DISCARDING,
    LaneState,
    LaneStatus,
    remedy,
    state_of,
    status_sentence,
)
from events.models import Integration, Lane, Outgoing
from events.time_in_words import ago, duration
from smrt_integration.delivery import responses
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import add_visits, deliver, sending_business, sign_up
from tests.factories import BusinessFactory
from tests.segment import SegmentStandIn

NOW = datetime(2025, 3, 4, 22, 5, 30, tzinfo=UTC)  # 14:05:30 in Los Angeles
ON = LaneStatus(1, "America/Los_Angeles", enabled=True, has_key=True)
MINUTES = timedelta(minutes=1)
FAILING = replace(
    ON,
    waiting=12,
    failing_since=NOW - 65 * MINUTES,
    resume_at=NOW + timedelta(seconds=40),
    failures=7,
)
STOPPED = replace(
    ON,
    stopped=responses.KEY_REFUSED,
    last_error=responses.KEY_REFUSED,
    stopped_at=NOW - MINUTES,
    waiting=12,
)


@pytest.mark.parametrize(
    ("status", "state", "expected"),
    [
        (
            LaneStatus(1, "UTC"),
            LaneState.OFF,
            "Switched off. Nothing is recorded and nothing is sent.",
        ),
        (
            LaneStatus(1, "UTC", waiting=1),
            LaneState.OFF,
            (
                "Switched off. 1 event is waiting from before. When you switch on, "
                "we ask whether to send or discard it."
            ),
        ),
        (
            ON,
            LaneState.NEW,
            "Nothing has been sent yet: no event has happened since you switched on.",
        ),
        (
            replace(ON, last_accepted_at=NOW - 2 * MINUTES),
            LaneState.ON,
            "Segment accepted the last event 2 minutes ago.",
        ),
        (
            replace(ON, last_accepted_at=NOW, waiting=3),
            LaneState.SENDING,
            "3 events will be sent in a moment.",
        ),
        (
            replace(
                ON,
                last_accepted_at=NOW - timedelta(seconds=5),
                waiting=3,
                oldest_waiting_at=NOW - 9 * MINUTES,
            ),
            LaneState.SENDING,
            "3 events will be sent in a moment.",
        ),
        (
            replace(
                ON,
                last_accepted_at=NOW - 30 * MINUTES,
                waiting=3,
                oldest_waiting_at=NOW - 9 * MINUTES,
            ),
            LaneState.SENDING,
            (
                "3 events are waiting, the oldest for 9 minutes. Sending is delayed on our side. "
                "Nothing is lost, and there is nothing for you to do."
            ),
        ),
        (
            replace(FAILING, last_error=responses.interpret(503, None).error),
            LaneState.FAILING,
            (
                "Segment has been having trouble since 13:00 (error 503). 12 events are waiting; "
                "we will try again in 40 seconds."
            ),
        ),
        (
            replace(FAILING, waiting=1, last_error=responses.timed_out().error, resume_at=NOW),
            LaneState.FAILING,
            (
                "Not working since 13:00: Segment did not answer in time. 1 event is waiting; "
                "we are trying again now."
            ),
        ),
        (
            STOPPED,
            LaneState.STOPPED,
            (
                "Sending stopped at 14:04: Segment refused the write key. 12 events are waiting; "
                "they will be sent when this is fixed."
            ),
        ),
        (
            replace(STOPPED, waiting=1),
            LaneState.STOPPED,
            (
                "Sending stopped at 14:04: Segment refused the write key. 1 event is waiting; "
                "it will be sent when this is fixed."
            ),
        ),
        (
            replace(STOPPED, waiting=0),
            LaneState.STOPPED,
            "Sending stopped at 14:04: Segment refused the write key.",
        ),
        (
            replace(ON, stopped=CHOICE_WANTED, waiting=1),
            LaneState.CHOOSING,
            (
                "On, but nothing is sent until you choose. 1 event is waiting from before "
                "you switched on."
            ),
        ),
        (
            replace(ON, stopped=CHOICE_WANTED, waiting=COUNTED_MESSAGES + 1),
            LaneState.CHOOSING,
            (
                "On, but nothing is sent until you choose. More than 10,000 events are waiting, "
                "some from before you switched on."
            ),
        ),
        (replace(ON, stopped=DISCARDING, waiting=5), LaneState.DISCARDING, DISCARDING),
        (LaneStatus(1, "UTC", stopped=DISCARDING), LaneState.DISCARDING, DISCARDING),
        # An error from before it was switched off does not count any more.
        (
            replace(STOPPED, enabled=False, waiting=0),
            LaneState.OFF,
            "Switched off. Nothing is recorded and nothing is sent.",
        ),
    ],
)
def test_the_sentence_says_how_sending_goes(
    status: LaneStatus, state: LaneState, expected: str
) -> None:
    assert (state_of(status, NOW), status_sentence(status, NOW)) == (state, expected)


@pytest.mark.parametrize("status", sorted(responses.HALTING_ERRORS))
def test_the_sentence_and_the_remedy_of_a_halted_lane_say_the_whole_error(status: int) -> None:
    lane = replace(STOPPED, stopped=responses.HALTING_ERRORS[status], stopped_at=None, waiting=0)
    assert (
        f"{status_sentence(lane, NOW).removeprefix('Sending stopped: ')} {remedy(lane)}"
        == responses.HALTING_ERRORS[status]
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (STOPPED, responses.COPY_THE_KEY),
        (replace(ON, stopped=CHOICE_WANTED), "Choose whether to send or discard them."),
        (replace(ON, stopped=DISCARDING), ""),
        (FAILING, ""),
        (ON, ""),
        (LaneStatus(1, "UTC"), "Enter the write key of your Segment source, then switch on."),
        (LaneStatus(1, "UTC", has_key=True), ""),
    ],
)
def test_the_remedy_says_what_to_do_when_there_is_something_to_do(
    status: LaneStatus, expected: str
) -> None:
    assert remedy(status) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (3_600, "1 hour"),
        (90_000, "1 day"),
    ],
)
def test_a_duration_is_in_its_largest_unit(seconds: int, expected: str) -> None:
    assert duration(timedelta(seconds=seconds)) == expected


def test_less_than_a_second_ago_is_just_now() -> None:
    assert (ago(NOW, NOW), ago(NOW - timedelta(days=3), NOW)) == ("just now", "3 days ago")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (NOW, "14:05"),
        (datetime(2025, 3, 4, 7, 59, tzinfo=UTC), "yesterday 23:59"),
        (datetime(2025, 2, 21, 22, 5, tzinfo=UTC), "21 Feb 2025, 14:05"),
        (datetime(2024, 12, 31, 22, 5, tzinfo=UTC), "31 Dec 2024, 14:05"),
    ],
)
def test_times_are_in_the_business_s_time_zone(moment: datetime, expected: str) -> None:
    assert BusinessClock("America/Los_Angeles").recent(moment, NOW) == expected


@pytest.mark.django_db
class TestLaneStatuses:
    def test_a_business_without_an_integration_is_off(self) -> None:
        business: Business = BusinessFactory.create(time_zone="Europe/Berlin")
        assert lane_statuses([business.pk]) == {
            business.pk: LaneStatus(business.pk, "Europe/Berlin", country="US")
        }

    def test_a_status_says_what_waits_and_since_when(self) -> None:
        business = sending_business(WRITE_KEY)
        sign_up(business)
        status = lane_statuses([business.pk])[business.pk]
        assert (status.enabled, status.has_key, status.waiting) == (True, True, 2)
        assert status.oldest_waiting_at == Outgoing.objects.earliest("recorded_at").recorded_at

    def test_waiting_messages_are_counted_up_to_a_limit(self) -> None:
        business = sending_business(WRITE_KEY)
        add_visits(COUNTED_MESSAGES + 5, sign_up(business))
        assert lane_statuses([business.pk])[business.pk].waiting == COUNTED_MESSAGES + 1

    def test_a_status_says_why_the_lane_was_halted(self, segment: SegmentStandIn) -> None:
        business = sending_business(WRITE_KEY)
        sign_up(business)
        segment.fault("status", status=401)
        deliver()
        status, lane = lane_statuses([business.pk])[business.pk], Lane.objects.get()
        assert (status.stopped, status.stopped_at, status.last_accepted_at) == (
            responses.KEY_REFUSED,
            lane.stopped_at,
            None,
        )
        assert state_of(status, timezone.now()) is LaneState.STOPPED

    def test_a_status_says_when_a_message_was_last_accepted(self, segment: SegmentStandIn) -> None:
        business = sending_business(WRITE_KEY)
        sign_up(business)
        deliver()
        status = lane_statuses([business.pk])[business.pk]
        assert status.last_accepted_at == Lane.objects.get().last_accepted_at
        assert status_sentence(status, timezone.now()).startswith(
            "Segment accepted the last event "
        )

    def test_the_statuses_of_many_businesses_are_read_with_one_query(
        self, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        businesses = BusinessFactory.create_batch(5)
        for business in businesses[:3]:
            Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
        with django_assert_num_queries(1):  # type: ignore[operator]
            assert len(lane_statuses([business.pk for business in businesses])) == 5
