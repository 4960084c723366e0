"""kill -9 of a worker at any point of a round: another delivers everything, each message once, and the log has each once."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Business
from events import wake
from events.models import Lane, Outgoing
from tests import workers
from tests.conftest import WRITE_KEY
from tests.delivery.scene import (
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


def let_events_wait(business: Business) -> list[str]:
    """An identify, a signup and three visits, all at once. Answers their ids, in the order in which they leave."""
    with transaction.atomic():
        add_visits(3, sign_up(business))
        return message_ids()


@contextmanager
def held_up(statement: str) -> Iterator[None]:
    """A transaction of somebody else's is open, in which this statement took its locks."""
    with psycopg.connect(workers.current_database_url()) as session:
        session.execute(statement)
        yield
        session.rollback()


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def is_nobodys() -> bool:
    """The killed worker's session has ended, and with it what it left undone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid <> pg_backend_pid()"
        )
        return not cursor.fetchone()[0]


def is_delivered_once(recorded: list[str], segment: SegmentStandIn) -> None:
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


def test_before_the_post(business: Business, worker: Worker, segment: SegmentStandIn) -> None:
    """It has claimed the lane, and is held up while it reads what to send."""
    Lane.objects.update(resume_at=timezone.now() + timedelta(hours=1))
    recorded = let_events_wait(business)
    with held_up("LOCK TABLE customers_customer IN ACCESS EXCLUSIVE MODE"):
        time_passes()
        wake.wake()
        wait_until(lambda: lane_of(business).lease_token and waits_for_a_lock(), "it was held up")
        worker.kill()
    wait_until(is_nobodys, "its session had ended")
    assert (segment.requests(), message_ids()) == ([], recorded)

    # as long as its lease lasts, nobody else takes the lane
    deliver()
    assert segment.requests() == []
    time_passes()
    deliver()

    is_delivered_once(recorded, segment)
    assert segment.counts()["dropped"] == 0


def test_while_the_request_is_under_way(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    segment.fault("hang")
    recorded = let_events_wait(business)
    wait_until(segment.requests, "the request was under way")
    worker.kill()
    segment.clear_faults()

    time_passes()
    deliver()

    is_delivered_once(recorded, segment)


def test_after_the_messages_were_accepted_and_before_the_answer(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    segment.fault("accept_then_timeout")
    recorded = let_events_wait(business)
    segment.wait_for(1, WRITE_KEY)
    worker.kill()
    segment.clear_faults()

    time_passes()
    deliver()

    is_delivered_once(recorded, segment)
    # the identify went out again under its id, which is how Segment knows it
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
def test_inside_settle(
    statement: str, business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    """Held up at each of its steps in turn, the last being the release of the lane."""
    segment.fault("hang")
    recorded = let_events_wait(business)
    wait_until(segment.requests, "the first request was under way")
    with held_up(statement):
        segment.clear_faults()
        segment.wait_for(5, WRITE_KEY)
        wait_until(waits_for_a_lock, "it was held up")
        worker.kill()
    wait_until(is_nobodys, "its session had ended")
    assert (logged(), message_ids()) == ([], recorded)

    time_passes()
    deliver()

    is_delivered_once(recorded, segment)
    assert segment.counts()["dropped"] == 5


def test_a_new_worker_goes_on_where_the_killed_one_was(
    business: Business, worker: Worker, start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    segment.fault("accept_then_timeout", times=1)
    recorded = let_events_wait(business)
    segment.wait_for(1, WRITE_KEY)
    worker.kill()

    start_worker()
    time_passes()
    wake.wake()

    wait_until(lambda: not Outgoing.objects.exists(), "everything was delivered")
    is_delivered_once(recorded, segment)


def test_a_worker_whose_process_was_killed_starts_another_and_goes_on(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    segment.fault("accept_then_timeout", times=1)
    recorded = let_events_wait(business)
    segment.wait_for(1, WRITE_KEY)
    (process,) = children(worker.process.pid)
    os.kill(process, signal.SIGKILL)
    wait_until(
        lambda: children(worker.process.pid) not in ([], [process]), "there was another process"
    )

    time_passes()
    wake.wake()

    wait_until(lambda: not Outgoing.objects.exists(), "everything was delivered")
    is_delivered_once(recorded, segment)
    assert Lane.objects.get().lease_token is None


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_nothing_of_a_round_is_lost_when_it_is_stopped_in_good_order(
    business: Business, worker: Worker, segment: SegmentStandIn
) -> None:
    """A deploy: the request under way is waited for and settled."""
    segment.fault("delay", delay_ms=500)
    recorded = let_events_wait(business)
    wait_until(segment.requests, "the request was under way")

    worker.stop()

    is_delivered_once(recorded, segment)
