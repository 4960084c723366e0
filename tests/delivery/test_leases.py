"""Leases: one worker has a lane at a time. What two workers sent is logged once."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from events.models import Lane
from events.outbox.rows import LaneUpdate, Settlement
from events.outbox.settle import settle
from smrt_integration.delivery.claim import LEASE, ClaimedLane, claim_lanes, renew_leases
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.load import load
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    attempts,
    deliver,
    delivering,
    event_names,
    lane_of,
    logged,
    outcomes,
    sending_business,
    sign_up,
    time_passes,
    waiting,
    write_key,
)
from tests.segment import SegmentStandIn
from tests.workers import wait_until


def claim_all() -> list[ClaimedLane]:
    return claim_lanes(timezone.now(), limit=100)


@pytest.mark.django_db
def test_a_claimed_lane_cannot_be_claimed_again_until_its_lease_ends() -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    now = timezone.now()

    (mine,) = claim_lanes(now, limit=100)

    assert lane_of(business).lease_until == now + LEASE == now + timedelta(seconds=30)
    assert claim_lanes(now + LEASE, limit=100) == []
    (theirs,) = claim_lanes(now + LEASE + timedelta(microseconds=1), limit=100)
    assert (theirs.business_id, theirs.token != mine.token) == (business.pk, True)


@pytest.mark.django_db
def test_a_worker_renews_its_own_leases_and_no_others() -> None:
    for number in (1, 2):
        sign_up(sending_business(write_key(number)))
    now = timezone.now()
    (mine,), (others,) = claim_lanes(now, limit=1), claim_lanes(now, limit=1)

    renew_leases(now + timedelta(seconds=20), {mine.token})

    assert Lane.objects.get(business=mine.business_id).lease_until == now + timedelta(seconds=50)
    assert Lane.objects.get(business=others.business_id).lease_until == now + timedelta(seconds=30)


@pytest.mark.django_db
def test_a_worker_whose_lease_was_taken_over_neither_releases_nor_halts_the_lane() -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    (mine,) = claim_all()
    time_passes()
    (theirs,) = claim_all()
    now = timezone.now()

    settle(
        Settlement(
            lane_updates=[
                LaneUpdate(business.pk, mine.token, mine.generation, now, 5, "Stopped.", "Failed.")
            ]
        ),
        now,
    )

    lane = lane_of(business)
    assert (lane.lease_token, lane.stopped, lane.last_error, lane.failures) == (
        theirs.token,
        "",
        "",
        0,
    )


@pytest.mark.django_db
def test_leases_of_a_round_that_failed_are_not_renewed_but_ended() -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    delivery = Delivery()
    delivery._claim()
    delivery.leases.forget(delivery.unposted_tokens)
    until = lane_of(business).lease_until

    delivery.leases.renew_when_due(after=-1.0)
    assert lane_of(business).lease_until == until

    delivery._end_unposted()
    assert len(claim_all()) == 1


@pytest.mark.django_db
def test_what_a_dead_worker_had_in_flight_is_found_after_a_worker_that_did_not_look() -> None:
    """One of the release before, while a new one is installed."""
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    in_flight = {"a" * 32: (customer.pk, "b" * 32)}
    Lane.objects.update(in_flight=in_flight, lease_token=None, lease_until=None)

    load(claim_all(), timezone.now())

    assert outcomes() == [("identify", "unconfirmed")]


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_claim_at_once_get_different_lanes_without_waiting() -> None:
    for number in (1, 2, 3, 4):
        sign_up(sending_business(write_key(number)))

    with transaction.atomic():
        mine = claim_lanes(timezone.now(), limit=2)
        with ThreadPoolExecutor(1) as other:
            theirs = other.submit(_claim_and_disconnect).result(timeout=5)

    assert len(mine) == len(theirs) == 2
    assert len({lane.business_id for lane in mine + theirs}) == 4


def _claim_and_disconnect() -> list[ClaimedLane]:
    try:
        return claim_all()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_after_a_lease_was_taken_over_the_second_settling_logs_nothing(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    add_visits(3, sign_up(business))
    segment.fault("delay", delay_ms=1_000, times=1)

    with delivering() as slow:
        wait_until(segment.requests, "the first worker's request was in flight")
        time_passes()
        fast = deliver()
        assert outcomes() == [
            ("identify", "accepted"),
            ("New Customer Signup", "accepted"),
            *[("Customer Visit", "accepted")] * 3,
        ]
        assert waiting() == []

    assert (fast.logged, slow.delivery.logged) == (5, 0)
    assert len(logged()) == len({entry.message_id for entry in logged()}) == 5
    # The slow worker's messages were repetitions, which Segment drops.
    assert event_names(segment.accepted()) == [
        "identify",
        "New Customer Signup",
        *["Customer Visit"] * 3,
    ]
    assert [arrival.verdict for arrival in segment.messages()] == ["accepted"] * 5 + ["dropped"] * 5
    assert len(attempts(business)) == 4
    assert lane_of(business).lease_token is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_claims_its_own_lane_again_logs_once_and_continues(
    segment: SegmentStandIn,
) -> None:
    """It was frozen past its lease, and claims the lane while its own request is in flight."""
    business = sending_business(WRITE_KEY)
    sign_up(business)
    delivery = Delivery()

    assert delivery._start_round()
    time_passes()
    assert delivery._start_round()
    wait(delivery.in_flight)
    delivery.run()

    assert delivery.logged == 2
    assert outcomes() == [("identify", "accepted"), ("New Customer Signup", "accepted")]
    # Both requests are under way at once, so they may arrive in turn.
    verdicts = sorted(arrival.verdict for arrival in segment.messages())
    assert verdicts == ["accepted"] * 2 + ["dropped"] * 2
    assert (len(attempts(business)), waiting()) == (4, [])
