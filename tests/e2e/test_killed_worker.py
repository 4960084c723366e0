"""A worker is killed at some point of a round: another one delivers and logs each message once."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Business
from events import wake
from events.models import Lane, Outgoing
from tests.conftest import WRITE_KEY
from tests.customers.contention import count_waiting, hold_locks
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    event_names,
    lane_of,
    logged,
    message_ids,
    sending_business,
    sign_up,
    time_passes,
)
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def worker(start_worker: Callable[..., Worker]) -> Worker:
    return start_worker()


@pytest.fixture
def business(worker: Worker, segment: SegmentStandIn) -> Business:
    return sending_business(WRITE_KEY)


def record_events(business: Business) -> list[str]:
    """Record an identify, a signup and three visits in one transaction.

    Returns the message ids in the order of delivery.
    """
    with transaction.atomic():
        add_visits(3, sign_up(business))
        return message_ids()


def has_session_ended() -> bool:
    """Return whether the killed worker's session is gone, so its transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return not cursor.fetchone()[0]


def assert_delivered_once(recorded: list[str], segment: SegmentStandIn) -> None:
    assert [message["messageId"] for message in segment.accepted(WRITE_KEY)] == recorded
    assert [(entry.message_id, entry.outcome) for entry in logged()] == [
        (message_id, "accepted") for message_id in recorded
    ]
    assert event_names(segment.accepted()) == [
        "identify",
        "New Customer Signup",
        *["Customer Visit"] * 3,
    ]
    assert not Outgoing.objects.exists()


def test_no_message_is_lost_if_a_worker_is_killed_before_the_post(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    """It has claimed the lane and waits for a lock while it loads the messages."""
    Lane.objects.update(resume_at=timezone.now() + timedelta(hours=1))
    recorded = record_events(business)
    with hold_locks("LOCK TABLE customers_customer IN ACCESS EXCLUSIVE MODE"):
        time_passes()
        wait_until(wake.wake, "the worker is woken")
        wait_until(
            lambda: lane_of(business).lease_token and count_waiting(),
            "the worker waits for a lock",
        )
        worker.kill()
    wait_until(has_session_ended, "its session has ended")
    assert (segment.requests(), message_ids()) == ([], recorded)

    # No other worker claims the lane until the lease ends.
    deliver()
    assert segment.requests() == []
    time_passes()
    deliver()

    assert_delivered_once(recorded, segment)
    assert segment.counts()["dropped"] == 0


def test_no_message_is_lost_if_a_worker_is_killed_with_a_request_in_flight(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    segment.fault("hang")
    recorded = record_events(business)
    wait_until(segment.requests, "the request is in flight")
    worker.kill()
    segment.clear_faults()

    time_passes()
    deliver()

    assert_delivered_once(recorded, segment)


def test_each_message_is_logged_once_if_a_worker_is_killed_before_the_response(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    segment.fault("accept_then_timeout")
    recorded = record_events(business)
    segment.wait_for(1, WRITE_KEY)
    worker.kill()
    segment.clear_faults()

    time_passes()
    deliver()

    assert_delivered_once(recorded, segment)
    # The identify was posted again with the same id, so Segment recognised and dropped it.
    assert [
        arrival.message["messageId"] for arrival in segment.messages(verdict="dropped")
    ] == recorded[:1]


@pytest.mark.parametrize(
    "statement",
    [
        "LOCK TABLE events_acceptedtraits IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE events_sendlog IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE events_deliveryattempt IN ACCESS EXCLUSIVE MODE",
        "SELECT FROM events_lane FOR UPDATE",
    ],
)
def test_each_message_is_logged_once_if_a_worker_is_killed_in_any_step_of_settling(
    statement: str, business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    """Each statement locks what another step needs; the last step releases the lane."""
    segment.fault("hang")
    recorded = record_events(business)
    wait_until(segment.requests, "the first request is in flight")
    with hold_locks(statement):
        segment.clear_faults()
        segment.wait_for(5, WRITE_KEY)
        wait_until(count_waiting, "the worker waits for a lock")
        worker.kill()
    wait_until(has_session_ended, "its session has ended")
    assert (logged(), message_ids()) == ([], recorded)

    time_passes()
    deliver()

    assert_delivered_once(recorded, segment)
    assert segment.counts()["dropped"] == 5


def test_a_new_worker_continues_where_the_killed_one_was(
    business: Business, worker: Worker, start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    segment.fault("accept_then_timeout", times=1)
    recorded = record_events(business)
    segment.wait_for(1, WRITE_KEY)
    worker.kill()

    start_worker()
    time_passes()
    # Under load a wake-up may be lost, and the one before keeps others away for seconds.
    wait_until(wake.wake, "the worker is woken")

    wait_until(lambda: not Outgoing.objects.exists(), "everything is delivered")
    assert_delivered_once(recorded, segment)


def test_a_worker_whose_child_process_is_killed_starts_another_and_continues(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    segment.fault("accept_then_timeout", times=1)
    recorded = record_events(business)
    segment.wait_for(1, WRITE_KEY)
    (process,) = children(worker.process.pid)
    os.kill(process, signal.SIGKILL)
    wait_until(
        lambda: children(worker.process.pid) not in ([], [process]), "there is another process"
    )

    time_passes()
    # Under load a wake-up may be lost, and the one before keeps others away for seconds.
    wait_until(wake.wake, "the worker is woken")

    wait_until(lambda: not Outgoing.objects.exists(), "everything is delivered")
    assert_delivered_once(recorded, segment)
    assert Lane.objects.get().lease_token is None


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_that_is_asked_to_stop_finishes_its_round(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    """As in a deploy: it waits for the request in flight, and settles."""
    segment.fault("delay", delay_ms=500)
    recorded = record_events(business)
    wait_until(segment.requests, "the request is in flight")

    worker.stop()

    assert_delivered_once(recorded, segment)
