"""Discarding takes only the chosen events, none in flight. Nothing is sent meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Business, Customer
from events.jobs import discard
from events.jobs.run import run_jobs
from events.lanes import lane_control
from events.lanes.status import DISCARDING
from events.models import Integration, Lane, Outgoing, Request, SendLog
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    event_names,
    lane_of,
    outcomes,
    sending_business,
    sign_up,
    waiting,
)
from tests.factories import BusinessFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def business() -> Business:
    return sending_business(WRITE_KEY)


@pytest.fixture
def customer(business: Business) -> Customer:
    """A customer whose signup and identify wait."""
    return sign_up(business)


def create_job(
    business: Business, day: date | None = None, recorded_before: datetime | None = None
) -> Request:
    backlog = discard.read_backlog(business.pk, recorded_before)
    request = discard.request_discard(
        backlog, business.pk, business.time_zone, None, timezone.now(), day, recorded_before
    )
    assert request is not None
    return request


def set_time(event: str, at: datetime) -> None:
    Outgoing.objects.filter(event=event).update(occurred_at=at)


def test_discarded_events_go_to_the_log_as_not_sent_with_their_facts(
    business: Business, customer: Customer
) -> None:
    (signup,) = waiting(event="New Customer Signup")
    request = create_job(business)
    assert run_jobs(timezone.now()) == 2

    entry = SendLog.objects.get()
    assert (entry.event, entry.outcome, entry.reason) == (
        "New Customer Signup",
        "skipped",
        discard.DISCARDED_REASON,
    )
    assert (entry.message_id, entry.facts, entry.sent_at, entry.attempts) == (
        signup.message_id,
        {"source": "POS"},
        None,
        0,
    )
    request.refresh_from_db()
    assert (request.expected, request.done) == (1, 1)
    assert request.finished_at is not None


def test_identifies_are_not_discarded(
    business: Business, customer: Customer, segment: SegmentStandIn
) -> None:
    create_job(business)
    run_jobs(timezone.now())
    deliver()
    assert event_names(segment.accepted()) == ["identify"]
    assert waiting() == []


def test_nothing_is_sent_until_the_job_is_finished(
    business: Business, customer: Customer, segment: SegmentStandIn
) -> None:
    create_job(business)
    assert lane_of(business).stopped == DISCARDING
    deliver()
    assert segment.requests() == []
    run_jobs(timezone.now())
    assert lane_of(business).stopped == ""


def test_events_after_the_choice_are_kept(
    business: Business, customer: Customer, segment: SegmentStandIn
) -> None:
    create_job(business)
    add_visits(2, customer)
    run_jobs(timezone.now())
    deliver()
    assert event_names(segment.accepted()) == ["identify", "Customer Visit", "Customer Visit"]


def test_events_recorded_since_switching_on_are_kept(
    business: Business, customer: Customer
) -> None:
    switched_on = timezone.now()
    Outgoing.objects.update(recorded_at=switched_on - timedelta(days=3))
    add_visits(2, customer)
    Outgoing.objects.filter(event="Customer Visit").update(
        recorded_at=switched_on + timedelta(seconds=1)
    )
    request = create_job(business, recorded_before=switched_on)
    run_jobs(timezone.now())
    assert request.expected == 1
    assert [row.event for row in waiting()] == ["identify", "Customer Visit", "Customer Visit"]


def test_only_events_before_the_chosen_day_are_discarded(
    business: Business, customer: Customer
) -> None:
    add_visits(1, customer)
    # the 3rd and the 4th of March in Los Angeles
    set_time("New Customer Signup", datetime(2025, 3, 4, 7, 59, 59, tzinfo=UTC))
    set_time("Customer Visit", datetime(2025, 3, 4, 8, tzinfo=UTC))
    backlog = discard.read_backlog(business.pk, None)
    assert backlog.days == ((date(2025, 3, 3), 1), (date(2025, 3, 4), 1))
    assert (backlog.events, backlog.identifies, backlog.before(date(2025, 3, 4))) == (2, 1, 1)

    assert create_job(business, date(2025, 3, 4)).expected == 1
    run_jobs(timezone.now())
    assert outcomes() == [("New Customer Signup", "skipped")]
    assert [row.event for row in waiting()] == ["identify", "Customer Visit"]


def test_events_of_other_businesses_are_kept(business: Business, customer: Customer) -> None:
    other = sending_business("Z" * 32)
    sign_up(other)
    create_job(business)
    run_jobs(timezone.now())
    assert [row.event for row in waiting(business=other)] == ["New Customer Signup", "identify"]
    assert lane_of(other).stopped == ""


def test_the_job_waits_for_a_delivery_in_flight(business: Business, customer: Customer) -> None:
    now = timezone.now()
    Lane.objects.update(lease_token=uuid4(), lease_until=now + timedelta(seconds=30))
    create_job(business)
    assert run_jobs(now) == 0
    assert len(waiting()) == 2
    # The lease has ended: its worker was killed.
    assert run_jobs(now + timedelta(seconds=31)) == 2
    assert [row.event for row in waiting()] == ["identify"]


def test_a_second_job_is_not_created_while_the_first_is_open(
    business: Business, customer: Customer
) -> None:
    create_job(business)
    backlog = discard.read_backlog(business.pk, None)
    assert (
        discard.request_discard(backlog, business.pk, "UTC", None, timezone.now(), None, None)
        is None
    )
    assert Request.objects.count() == 1


def test_neither_saving_nor_a_new_key_resumes_the_lane_before_the_job_is_finished(
    business: Business, customer: Customer
) -> None:
    create_job(business)
    config = Integration.objects.get()
    config.write_key = "Z" * 32
    config.save()
    assert lane_control.halt_for_choice(business.pk) is False
    assert lane_of(business).stopped == DISCARDING


def test_with_nothing_to_discard_the_lane_resumes_at_once(business: Business) -> None:
    assert create_job(business).expected == 0
    assert run_jobs(timezone.now()) == 1
    assert lane_of(business).stopped == ""


def test_many_events_are_discarded_in_chunks(
    business: Business, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discard, "DISCARD_CHUNK_SIZE", 100)
    add_visits(249, customer)
    request = create_job(business)
    assert run_jobs(timezone.now()) == 4
    request.refresh_from_db()
    assert (request.done, SendLog.objects.count(), len(waiting())) == (250, 250, 1)


@pytest.mark.django_db(transaction=True)
def test_after_a_worker_died_the_next_one_does_its_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    business = sending_business(WRITE_KEY)
    add_visits(5, sign_up(business))
    create_job(business)

    def die(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(discard, "write_log", die)
        with pytest.raises(SystemExit):
            run_jobs(timezone.now())
    assert (len(waiting()), SendLog.objects.count(), Request.objects.get().done) == (7, 0, 0)
    run_jobs(timezone.now())
    assert (len(waiting()), SendLog.objects.count(), Request.objects.get().done) == (1, 6, 6)


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_workers_discard_each_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discard, "DISCARD_CHUNK_SIZE", 20)
    businesses = [sending_business(f"{number:032d}") for number in range(3)]
    for business in businesses:
        add_visits(199, sign_up(business))
        create_job(business)
    start = Barrier(2)

    def worker(number: int) -> None:
        start.wait()
        try:
            run_jobs(timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(worker, range(2)))
    run_jobs(timezone.now())

    assert SendLog.objects.count() == 600
    assert len(set(SendLog.objects.values_list("message_id", flat=True))) == 600
    assert [request.done for request in Request.objects.all()] == [200, 200, 200]
    assert not Request.objects.filter(finished_at=None).exists()
    assert [row.event for row in waiting()] == ["identify"] * 3


@pytest.mark.django_db(transaction=True)
def test_a_job_is_deleted_with_its_business() -> None:
    business = BusinessFactory.create()
    Integration.objects.create(business=business)
    create_job(business)
    business.delete()
    assert run_jobs(timezone.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_starts_at_once_and_sends_what_is_left(
    start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    """No beat runs here: the choice wakes a worker, and so does the end of the job."""
    business = sending_business(WRITE_KEY)
    with transaction.atomic():
        add_visits(3, sign_up(business))
        lane_control.halt(business.pk, "Segment refused the write key.")
    start_worker()
    with transaction.atomic():
        create_job(business)
    wait_until(lambda: not waiting(), "all was discarded or sent")
    assert event_names(segment.accepted()) == ["identify"]
    assert sorted(outcomes()) == [
        *[("Customer Visit", "skipped")] * 3,
        ("New Customer Signup", "skipped"),
        ("identify", "accepted"),
    ]
