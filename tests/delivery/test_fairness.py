"""No business waits for another: neither for its backlog, nor for its receiver that hangs."""

from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from customers.models import Customer
from events.models import Lane, Outgoing
from smrt_integration.delivery.claim import ClaimedLane, claim_lanes
from smrt_integration.delivery.deliver import MAX_FAILING_LANES, MAX_ROWS_IN_FLIGHT, Delivery
from smrt_integration.delivery.in_flight import HANGING_SECONDS
from smrt_integration.delivery.load import LoadedRound
from smrt_integration.delivery.transport import MAX_IN_FLIGHT
from tests.delivery.sending_businesses import (
    add_bulk_visits,
    add_visits,
    deliver,
    delivering,
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

LARGE, SMALL = write_key(1), write_key(999)
OTHERS = range(2, 152)
ACCEPTED_SOON = 9.0
"""Seconds. A request that hangs times out after ten."""


def businesses_with_a_signup(numbers: range) -> list[Customer]:
    return [sign_up(sending_business(write_key(number))) for number in numbers]


def hung_for(segment: SegmentStandIn, key: str) -> timedelta:
    """Return how long the one request of this business has been waiting for its response."""
    (request,) = segment.requests(key)
    return timezone.now() - request.received_at


@pytest.fixture
def crowd(segment: SegmentStandIn) -> Customer:
    """100,000 events wait for one business and 2,000 for each of 150 others.

    Returns a customer of a small business, for which nothing waits.
    """
    small, large, *others = [
        sign_up(sending_business(key)) for key in (SMALL, LARGE, *map(write_key, OTHERS))
    ]
    add_visits(100_000, large)
    add_visits(2_000, *others)
    Outgoing.objects.filter(customer=small).delete()
    return small


def test_lanes_are_served_least_recently_claimed_first(
    segment: SegmentStandIn,
) -> None:
    customers = businesses_with_a_signup(range(1, 31))
    add_visits(5, *customers)
    last = customers[7].business_id
    Lane.objects.filter(business=last).update(claimed_at=timezone.now())
    served: list[int] = []

    for _ in range(len(customers) // 3):
        served += sorted(
            (lane.business_id for lane in claim_lanes(timezone.now(), limit=3)),
            key=lambda business: business == last,
        )
        time_passes()

    assert sorted(served) == sorted(customer.business_id for customer in customers)
    assert served[-1] == last


def test_a_business_with_something_live_does_not_wait_for_those_with_bulk_messages(
    segment: SegmentStandIn,
) -> None:
    customers = businesses_with_a_signup(range(1, 31))
    Outgoing.objects.all().delete()
    add_bulk_visits(5, *customers)
    add_visits(1, customers[7])
    Lane.objects.filter(business=customers[7].business_id).update(claimed_at=timezone.now())

    (claimed,) = claim_lanes(timezone.now(), limit=2, live_only=True)
    assert claimed.business_id == customers[7].business_id


def test_rounds_of_live_and_of_all_messages_alternate(segment: SegmentStandIn) -> None:
    customers = businesses_with_a_signup(range(1, 21))
    deliver()
    add_bulk_visits(1, *customers[:10])
    add_visits(1, *customers[10:])
    bulk = {customer.business_id for customer in customers[:10]}
    claimed: list[list[bool]] = []

    class Watched(Delivery):
        def _load(self, lanes: list[ClaimedLane]) -> LoadedRound:
            claimed.append([lane.business_id in bulk for lane in lanes])
            return super()._load(lanes)

    Watched().run()
    first, second, *_ = claimed
    assert not any(first)
    assert any(second)
    assert sum(map(len, claimed)) == 20


@pytest.mark.slow
def test_an_event_of_a_small_business_waits_for_at_most_one_round_of_a_large_one(
    crowd: Customer, segment: SegmentStandIn
) -> None:
    with delivering() as run:
        wait_until(lambda: segment.counts(LARGE)["accepted"], "the backlog was being sent")
        before = Counter(request.write_key for request in segment.requests())
        add_visits(1, crowd)
        segment.wait_for(2, SMALL, timeout=30)
        after = Counter(request.write_key for request in segment.requests())
        run.end()

    # A round is a request of identifies and one of tracks. Each other business had the round in
    # flight and at most one more.
    assert max((after - before).values()) <= 4
    assert Outgoing.objects.count() > 100_000


@pytest.mark.slow
def test_300_businesses_are_served_while_one_receiver_hangs(segment: SegmentStandIn) -> None:
    hanging = sign_up(sending_business(LARGE))
    add_visits(600, hanging)
    businesses_with_a_signup(range(2, 302))
    segment.fault("hang", LARGE)

    with delivering():
        wait_until(
            lambda: segment.counts()["accepted"] == 600,
            "600 messages of the others were accepted",
            ACCEPTED_SOON,
        )
        assert [request.status for request in segment.requests(LARGE)] == [None]
        segment.clear_faults()

    assert segment.counts(LARGE)["accepted"] == 602


def test_receivers_that_hang_with_large_backlogs_do_not_fill_the_worker(
    segment: SegmentStandIn,
) -> None:
    many = MAX_ROWS_IN_FLIGHT // 500 + 2
    for number in range(1, many + 1):
        add_visits(500, sign_up(sending_business(write_key(number))))
        segment.fault("hang", write_key(number))

    with delivering():
        wait_until(lambda: len(segment.requests()) == many, "all of them hung")
        sign_up(sending_business(SMALL))
        segment.wait_for(2, SMALL, timeout=ACCEPTED_SOON)
        assert {request.status for request in segment.requests() if request.write_key != SMALL} == {
            None
        }
        segment.clear_faults()


def test_a_run_past_its_budget_serves_others_while_it_waits_for_one_receiver(
    segment: SegmentStandIn,
) -> None:
    sign_up(sending_business(LARGE))
    small = sending_business(SMALL)
    segment.fault("hang", LARGE)

    with delivering(budget=0.3):
        wait_until(lambda: segment.requests(LARGE), "the receiver hung")
        wait_until(
            lambda: hung_for(segment, LARGE) > timedelta(seconds=HANGING_SECONDS + 1),
            "it hung for longer than the budget",
        )
        sign_up(small)
        segment.wait_for(2, SMALL, timeout=5)
        assert [request.status for request in segment.requests(LARGE)] == [None]
        segment.clear_faults()


def test_failing_lanes_take_at_most_a_quarter_of_the_threads(
    segment: SegmentStandIn,
) -> None:
    businesses_with_a_signup(range(1, 41))
    Lane.objects.update(failures=1)
    segment.fault("hang")

    with delivering():
        wait_until(
            lambda: len(segment.requests()) == MAX_FAILING_LANES == MAX_IN_FLIGHT // 4,
            "a quarter of the threads hung",
        )
        sign_up(sending_business(SMALL))
        segment.fault("delay", SMALL, delay_ms=1)
        segment.wait_for(2, SMALL, timeout=ACCEPTED_SOON)
        assert len(segment.requests()) == MAX_FAILING_LANES + 2
        segment.clear_faults()


def test_all_failing_lanes_are_tried_in_one_run_once_their_receiver_recovers(
    segment: SegmentStandIn,
) -> None:
    businesses_with_a_signup(range(1, 51))
    Lane.objects.update(failures=3)

    deliver()

    assert segment.counts()["accepted"] == 100
    assert set(Lane.objects.values_list("failures", flat=True)) == {0}


def test_a_customer_whose_row_is_locked_keeps_nobody_waiting(segment: SegmentStandIn) -> None:
    """Something holds one customer of one business for long, as a script or a deletion may."""
    businesses = [sending_business(write_key(number)) for number in (1, 2)]
    held, _ = [sign_up(business) for business in businesses]
    with psycopg.connect(current_database_url()) as other:
        other.execute("SELECT FROM customers_customer WHERE id = %s FOR UPDATE", [held.pk])
        with delivering():
            wait_until(lambda: len(outcomes()) == 4, "everything was sent and logged")

    assert waiting() == []
