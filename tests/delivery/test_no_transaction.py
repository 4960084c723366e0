"""No transaction is open while requests are in flight, and the posting threads use no database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any, NamedTuple

import psycopg
import pytest
from django.db import connections

from smrt_integration.delivery.in_flight import _threads
from smrt_integration.delivery.transport import MAX_IN_FLIGHT
from tests import workers
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    Run,
    deliver,
    delivering,
    outcomes,
    sending_business,
    sign_up,
    write_key,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_SESSIONS = """
SELECT pid, state, COALESCE(clock_timestamp() - xact_start, interval '0') FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Session(NamedTuple):
    pid: int
    state: str
    transaction_age: timedelta


@contextmanager
def watcher() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(workers.current_database_url(), autocommit=True) as session:
        yield session


def sessions(watching: psycopg.Connection[Any]) -> list[Session]:
    return [Session(*row) for row in watching.execute(OTHER_SESSIONS)]


def watch(watching: psycopg.Connection[Any], run: Run, segment: SegmentStandIn) -> list[Session]:
    """Return what the database sessions did, seen again and again while requests were in flight."""
    seen: list[Session] = []
    while not run.over:
        before, looked, after = in_flight(segment), sessions(watching), in_flight(segment)
        seen += looked if before and before == after else []
    return seen


def in_flight(segment: SegmentStandIn) -> list[int]:
    return [request.number for request in segment.requests() if request.status is None]


def test_no_transaction_is_open_while_requests_are_in_flight(segment: SegmentStandIn) -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    segment.fault("delay", delay_ms=1_000)

    with watcher() as watching, delivering() as run:
        seen = watch(watching, run, segment)

    assert len({session.pid for session in seen}) >= 2, "the worker's session was not seen"
    assert len(seen) > 20
    assert "idle in transaction" not in {session.state for session in seen}
    # The worker claims meanwhile, a few milliseconds each time. A transaction that waited for the
    # response would become a second old.
    assert max(session.transaction_age for session in seen) < timedelta(seconds=0.5)
    assert outcomes() == [("identify", "accepted"), ("New Customer Signup", "accepted")]


def test_the_threads_that_post_never_open_a_database_connection(segment: SegmentStandIn) -> None:
    for number in range(2 * MAX_IN_FLIGHT):
        sign_up(sending_business(write_key(number)))

    with watcher() as watching:
        before = {session.pid for session in sessions(watching)}
        deliver()
        assert {session.pid for session in sessions(watching)} == before

    barrier = Barrier(MAX_IN_FLIGHT)
    connected = [_threads().submit(_is_connected, barrier) for _ in range(MAX_IN_FLIGHT)]
    assert [thread.result(10) for thread in connected] == [False] * MAX_IN_FLIGHT
    assert segment.counts()["accepted"] == 4 * MAX_IN_FLIGHT


def _is_connected(barrier: Barrier) -> bool:
    """Return whether this thread of the pool has a database connection.

    The barrier lets no thread answer twice.
    """
    barrier.wait(10)
    return any(
        connection.connection is not None for connection in connections.all(initialized_only=True)
    )
