"""Claims skip dead rows by a floor per lane, and still find rows that commit late."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from customers.models import Customer
from events.models import Lane, Outgoing
from smrt_integration.delivery.claim import (
    CLAIM_LANES,
    FLOOR_AGE,
    LEASE,
    MANY_DEAD_ROWS,
    WAITING_BY_FLOORS,
    WAITING_BY_STEPS,
    ClaimedLane,
    claim_lanes,
)
from tests import workers
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_bulk_visits,
    add_visits,
    deliver,
    lane_of,
    let_transactions_end,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db(transaction=True)

DEAD_ROWS = 200_000
FEW_BUFFERS = 100
"""Of 8 KB. Claiming one lane reads a few rows of four tables and their indexes. Reading 200,000
dead rows takes thousands of buffers."""


@pytest.fixture
def customer(segment: SegmentStandIn, transactional_db: None) -> Customer:
    customer = sign_up(sending_business(WRITE_KEY))
    deliver()
    return customer


@contextmanager
def other_session() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(workers.current_database_url()) as session:
        yield session
        session.rollback()


def claim_at(now: datetime, **options: Any) -> list[ClaimedLane]:
    """Claim at this time, once the transactions that ran at the last claim have ended."""
    let_transactions_end()
    claimed = claim_lanes(now, limit=100, **options)
    time_passes()
    Lane.objects.update(lease_token=None, lease_until=None)
    return claimed


def raise_floor(customer: Customer) -> None:
    """Claim twice, with time between, so that the first waiting row becomes the floor."""
    for minutes in (2, 4):
        assert claim_at(timezone.now() + timedelta(minutes=minutes))
    Lane.objects.update(resume_at=timezone.now())


def late_visit(session: psycopg.Connection[Any], customer: Customer) -> None:
    """Record a visit, with the next id, in a transaction that is not committed yet."""
    session.execute(
        "INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id,"
        " message_id, occurred_at, facts) VALUES (%s, %s, %s, 'Customer Visit', 7, %s, now(), %s)",
        [
            customer.business_id,
            customer.pk,
            customer.uuid,
            uuid4().hex,
            json.dumps({"visit_type": "Driver"}),
        ],
    )


def count_buffers(source: str) -> int:
    """Return how many buffers a claim reads."""
    now = timezone.now()
    params: dict[str, Any] = {
        "now": now,
        "until": now + LEASE,
        "floor_before": now - FLOOR_AGE,
        "live_only": False,
        "limit": 100,
        "token": uuid4(),
        "failing": False,
    }
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + source + CLAIM_LANES, params)
        (plan,) = cursor.fetchone()
    time_passes()
    return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])


def test_a_floor_rises_only_to_the_first_row_of_seconds_before(customer: Customer) -> None:
    add_visits(3, customer)
    first = waiting()[0].pk
    assert timedelta(seconds=5) == FLOOR_AGE
    start = timezone.now()
    Lane.objects.update(floor_at=start)

    def floor_after(seconds: int) -> int:
        claim_at(start + timedelta(seconds=seconds))
        return lane_of(customer.business).floor

    assert floor_after(4) == 0
    assert floor_after(6) == 0
    let_transactions_end()
    assert floor_after(10) == 0
    assert floor_after(12) == first - 1


def test_a_late_commit_is_never_below_the_floor(customer: Customer) -> None:
    """Otherwise its customer's later events would be sent before it."""
    with other_session() as session:
        late_visit(session, customer)
        add_visits(1, customer)
        for minutes in (2, 4):
            claim_lanes(timezone.now() + timedelta(minutes=minutes), limit=100)
            time_passes()
        Lane.objects.update(resume_at=timezone.now(), lease_token=None, lease_until=None)
        assert lane_of(customer.business).floor < waiting()[0].pk - 1
        Outgoing.objects.all().delete()
        session.commit()

    (late,) = waiting()
    assert late.pk > lane_of(customer.business).floor
    (found,) = claim_at(timezone.now(), crowded=True)
    assert found.first_id == late.pk

    deliver()
    assert outcomes(event="Customer Visit") == [("Customer Visit", "accepted")]


def test_a_row_below_the_floor_is_found_by_a_claim_from_zero(customer: Customer) -> None:
    """No row appears there by what we know; if one does, it is sent."""
    add_visits(1, customer)
    Lane.objects.update(floor=waiting()[-1].pk)

    assert claim_at(timezone.now(), crowded=True) == []
    assert claim_at(timezone.now(), crowded=True, from_zero=True)

    deliver(from_zero=True)
    assert outcomes(event="Customer Visit") == [("Customer Visit", "accepted")]


@pytest.mark.slow
def test_a_claim_stays_cheap_while_a_long_report_keeps_200_000_dead_rows(
    customer: Customer,
) -> None:
    with other_session() as report:
        report.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        report.execute("SELECT count(*) FROM events_outgoing")
        add_visits(DEAD_ROWS, customer)
        Outgoing.objects.all().delete()
        add_visits(1, customer)
        raise_floor(customer)

        walked, probed = count_buffers(WAITING_BY_STEPS), count_buffers(WAITING_BY_FLOORS)
        assert probed < FEW_BUFFERS
        # proves that the dead rows are there
        assert walked > 10 * FEW_BUFFERS

        # a worker chooses the cheap way by itself
        workers.wait_until(
            lambda: count_dead_rows() > MANY_DEAD_ROWS, "PostgreSQL had counted the dead rows"
        )
        assert [lane.business_id for lane in claim_at(timezone.now())] == [customer.business_id]
        deliver()
        assert outcomes(event="Customer Visit") == [("Customer Visit", "accepted")]


@pytest.mark.slow
def test_dead_rows_of_a_business_with_nothing_left_are_skipped_too(customer: Customer) -> None:
    with other_session() as report:
        report.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        report.execute("SELECT count(*) FROM events_outgoing")
        add_visits(20_000, customer)
        last = waiting()[-1].pk
        Outgoing.objects.all().delete()
        workers.wait_until(
            lambda: count_dead_rows() > MANY_DEAD_ROWS, "PostgreSQL had counted the dead rows"
        )
        assert count_buffers(WAITING_BY_FLOORS) > FEW_BUFFERS

        for _ in range(2):
            Lane.objects.update(floor_at=timezone.now() - timedelta(minutes=2))
            let_transactions_end()
            deliver(from_zero=True)

        assert count_buffers(WAITING_BY_FLOORS) < FEW_BUFFERS
        assert lane_of(customer.business).floor == last


def test_a_floor_never_rises_over_a_waiting_row(customer: Customer) -> None:
    with other_session() as session:
        late_visit(session, customer)
        # as if later rows had been sent meanwhile
        Lane.objects.update(next_floor=10**9, floor_at=timezone.now() - timedelta(minutes=2))
        session.commit()
    (late,) = waiting()

    claim_at(timezone.now())

    assert lane_of(customer.business).floor == late.pk - 1


def test_bulk_floors_rise_and_hide_nothing(customer: Customer) -> None:
    add_bulk_visits(3, customer)
    first = waiting()[0].pk
    for minutes in (2, 4, 6):
        assert claim_at(timezone.now() + timedelta(minutes=minutes), crowded=True)
    Lane.objects.update(resume_at=timezone.now())
    lane = lane_of(customer.business)
    assert lane.bulk_floor == first - 1
    assert lane.floor >= first

    deliver()
    assert outcomes(event="Customer Visit") == [("Customer Visit", "accepted")] * 3


def count_dead_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_dead_tuples('events_outgoing'::regclass)")
        return int(cursor.fetchone()[0])
