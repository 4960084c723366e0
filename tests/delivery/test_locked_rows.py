"""A row that a save holds locked keeps nobody waiting but its own customer."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from customers.models import Customer
from events.clock import database_now
from events.identify import IDENTIFY
from events.models import (
    Outgoing,
    RefusedTraits,
    TraitChange,
    UnansweredIdentify,
)
from events.outbox.fan_out import fan_out_all
from events.outbox.held import release_anyway
from events.outbox.record import record
from events.outbox.rows import Attempt, LaneUpdate, Settlement
from events.outbox.settle import settle
from events.outbox.unanswered import resolve_all
from smrt_integration.delivery.claim import LEASE, claim_lanes
from smrt_integration.delivery.deliver import Delivery
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    attempts,
    deliver,
    logged,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
    write_key,
)
from tests.segment import SegmentStandIn
from tests.workers import current_database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ACCEPTED = [("identify", "accepted"), ("New Customer Signup", "accepted")]
ADD_IDENTIFY = """
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts
)
SELECT business_id, id, uuid, 'identify', id, %s, now(), '{}' FROM customers_customer WHERE id = %s
"""
LOCK_LANE = "SELECT FROM events_lane WHERE business_id = %s FOR UPDATE"
REPLACE_IDENTIFY = "UPDATE events_outgoing SET message_id = %s WHERE customer_id = %s"


@pytest.fixture
def customer(segment: SegmentStandIn) -> Customer:
    customer = sign_up(sending_business(WRITE_KEY))
    deliver()
    return customer


@contextmanager
def held_locked(statement: str, *params: object) -> Iterator[psycopg.Connection]:
    with psycopg.connect(current_database_url()) as other:
        other.execute(statement, params)
        yield other


@contextmanager
def without_waiting() -> Iterator[None]:
    """Fail when the block waits for a lock for longer than it should."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


def test_a_save_of_an_identify_that_a_dead_worker_posted_keeps_no_other_business_waiting(
    customer: Customer, segment: SegmentStandIn
) -> None:
    rename(customer, "Zoe")
    dead = Delivery()
    dead._start_round()
    wait(dead.in_flight)
    time_passes()
    other = sign_up(sending_business(write_key(2)))

    with held_locked(REPLACE_IDENTIFY, "a" * 32, customer.pk), without_waiting():
        delivery = Delivery()
        delivery._start_round()
        while waiting(customer=other):
            delivery._settle(5.0)

    assert outcomes(business=other.business) == ACCEPTED


def test_a_save_of_a_first_identify_keeps_no_other_businesss_first_events_waiting(
    segment: SegmentStandIn,
) -> None:
    customer = sign_up(sending_business(WRITE_KEY))
    other = sign_up(sending_business(write_key(2)))
    Outgoing.objects.filter(event=IDENTIFY).delete()

    with held_locked(ADD_IDENTIFY, "a" * 32, customer.pk):
        deliver()

    assert outcomes(business=other.business) == ACCEPTED
    assert outcomes(business=customer.business) == []


def test_older_traits_that_were_posted_late_are_followed_by_the_newest_after_a_long_save(
    customer: Customer, segment: SegmentStandIn
) -> None:
    rename(customer, "Older")
    late = Delivery()
    late._start_round()
    wait(late.in_flight)
    time_passes()
    rename(customer, "Newest")
    deliver()
    record(customer.pk, (), database_now())

    with held_locked(REPLACE_IDENTIFY, "a" * 32, customer.pk), without_waiting():
        late._settle(1.0)
    Outgoing.objects.all().delete()
    fan_out_all()
    deliver()

    names = [m["traits"]["firstName"] for m in segment.accepted() if m["type"] == "identify"]
    assert names[-1] == "Newest"
    assert len(names) == 4
    assert not TraitChange.objects.exists()


def test_an_identify_that_two_workers_posted_is_logged_once_when_a_save_is_rolled_back(
    customer: Customer, segment: SegmentStandIn
) -> None:
    rename(customer, "Zoe")
    late, new = Delivery(), Delivery()
    late._start_round()
    wait(late.in_flight)
    time_passes()
    new._start_round()

    with held_locked(REPLACE_IDENTIFY, "a" * 32, customer.pk) as save, without_waiting():
        late._settle(1.0)
        save.rollback()
    wait(new.in_flight)
    new._settle(1.0)
    deliver()

    ids = [entry.message_id for entry in logged(event="identify")]
    assert len(ids) == len(set(ids))
    assert {message["messageId"] for message in segment.accepted()} <= {
        entry.message_id for entry in logged()
    }
    assert waiting() == []


def rename(customer: Customer, first_name: str) -> None:
    customer.first_name = first_name
    customer.save()


def test_a_locked_lane_keeps_no_other_lease_from_being_renewed(customer: Customer) -> None:
    other = sign_up(sending_business(write_key(2)))
    add_visits(1, customer)
    delivery = Delivery()
    lanes = delivery._claim()
    held_up_since = time.monotonic() - LEASE.total_seconds()
    delivery.leases.add(lanes, held_up_since)
    delivery.leases._renewed_at = held_up_since

    with held_locked(LOCK_LANE, customer.business.pk), without_waiting():
        delivery.leases.renew_when_due()

    assert [lane.business_id for lane in lanes if delivery.leases.holds(lane)] == [
        other.business.pk
    ]
    delivery.leases.renew_when_due(after=-1.0)
    assert all(map(delivery.leases.holds, lanes))


def test_a_locked_lane_keeps_no_other_businesses_unconfirmed_messages_out_of_the_log(
    customer: Customer,
) -> None:
    other = sign_up(sending_business(write_key(2)))
    for number, one in enumerate((customer, other)):
        UnansweredIdentify.objects.create(
            message_id=f"{number:032d}",
            business=one.business,
            customer_id=one.pk,
            user_id=one.uuid,
            occurred_at=database_now(),
            posted_at=database_now(),
            attempts=1,
        )

    with held_locked(LOCK_LANE, customer.business.pk), without_waiting():
        resolve_all(database_now())
    assert outcomes(outcome="unconfirmed", business=other.business) == [("identify", "unconfirmed")]
    assert outcomes(outcome="unconfirmed", business=customer.business) == []

    resolve_all(database_now())
    assert len(outcomes(outcome="unconfirmed")) == 2


def test_sending_held_events_anyway_waits_for_the_lane_before_it_locks_what_settling_needs(
    customer: Customer,
) -> None:
    """Otherwise the two could wait for each other."""
    RefusedTraits.objects.create(
        customer=customer, business=customer.business, refused_at=database_now()
    )
    arguments = customer.business.pk, [customer.pk], 10**9, 10
    with ThreadPoolExecutor(1) as job, held_locked(LOCK_LANE, customer.business.pk) as settling:
        released = job.submit(and_disconnect, release_anyway, *arguments)
        wait_until(lambda: is_waited_for(settling), "the job waited for the lane")
        settling.execute("SELECT FROM events_refusedtraits FOR UPDATE NOWAIT")
        settling.rollback()
        assert released.result() == 0


def test_a_settlement_whose_first_transaction_outlived_its_connection_is_written_once(
    customer: Customer,
) -> None:
    business = customer.business
    add_visits(1, customer)
    (lane,) = claim_lanes(database_now(), 10)
    now = database_now()
    attempt = Attempt(business.pk, now, 200, 5, 1, 500)
    update = LaneUpdate(business.pk, lane.token, lane.generation, now)
    work = Settlement(attempts=[attempt], lane_updates=[update])
    before = len(attempts(business))
    release = "UPDATE events_lane SET lease_token = NULL WHERE business_id = %s"
    with ThreadPoolExecutor(1) as worker, held_locked(release, business.pk) as first:
        (work.transaction_id,) = first.execute("SELECT pg_current_xact_id()::text").fetchone() or ()
        second = worker.submit(and_disconnect, settle, work, now)
        wait_until(lambda: is_waited_for(first), "the second waited for the first")
        first.commit()
        assert second.result() == 0

    assert len(attempts(business)) == before


def and_disconnect(function: Callable[..., int], *arguments: object) -> int:
    try:
        return function(*arguments)
    finally:
        connection.close()


def is_waited_for(holder: psycopg.Connection) -> bool:
    """Return whether another transaction waits for a lock of this connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)))",
            [holder.info.backend_pid],
        )
        return bool(cursor.fetchone()[0])
