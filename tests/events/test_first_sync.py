"""A sync sends each customer that Segment does not have, once, and live events before them."""

import json
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers.models import Business, Customer, Employee, Order
from events.identify import IDENTIFY
from events.jobs import control, feed, first_sync
from events.jobs.run import run_jobs
from events.models import Integration, Outgoing, Request, SendLog
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_bulk_visits,
    deliver,
    sending_business,
    waiting,
    write_key,
)
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory, EmployeeFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

SYNC = Request.Kind.SYNC


@pytest.fixture
def business() -> Business:
    """A business with 7 customers of whom Segment knows nothing."""
    business = sending_business(WRITE_KEY, enabled=False)
    CustomerFactory.create_batch(7, business=business)
    switch_on(business)
    return business


def switch_on(business: Business, **changes: Any) -> None:
    integration = Integration.objects.get(business=business)
    for name, value in {"enabled": True, **changes}.items():
        setattr(integration, name, value)
    integration.save()


def offer_of(business: Business) -> first_sync.SyncOffer:
    return first_sync.read_offer(Integration.objects.get(business=business))


def start_sync(business: Business) -> Request:
    job = first_sync.request_sync(business.pk, None, timezone.now())
    assert job is not None
    return job


def sync(business: Business) -> Request:
    """Run a sync to its end, and deliver."""
    job = start_sync(business)
    while job.finished_at is None:
        assert run_jobs(timezone.now())
        deliver()
        job.refresh_from_db()
    return job


def identified(segment: SegmentStandIn, key: str = WRITE_KEY) -> Counter[str]:
    """Return how many identifies of each user Segment accepted."""
    messages = segment.accepted(key)
    assert {message["type"] for message in messages} <= {"identify"}
    return Counter(message["userId"] for message in messages)


def once_each(*customers: Customer) -> Counter[str]:
    return Counter({str(customer.uuid): 1 for customer in customers})


def test_nothing_is_sent_before_the_owner_asks(business: Business, segment: SegmentStandIn) -> None:
    with nothing_written():
        offer = offer_of(business)
        assert run_jobs(timezone.now()) == 0
    assert (offer.customers, offer.known, offer.unknown) == (7, 0, 7)
    deliver()
    assert segment.accepted() == []


def test_a_sync_sends_each_customer_once_and_a_second_one_none(
    business: Business, segment: SegmentStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FEED_CHUNK_SIZE", 3)
    job = sync(business)
    assert (job.expected, job.done, job.passed_over) == (7, 7, 0)
    assert identified(segment) == once_each(*Customer.objects.all())
    assert offer_of(business).unknown == 0

    again = sync(business)
    assert (again.done, again.passed_over) == (0, 7)
    assert identified(segment) == once_each(*Customer.objects.all())
    assert SendLog.objects.count() == 7, "what Segment has already fills no log"


def test_changed_details_and_new_customers_are_sent(
    business: Business, segment: SegmentStandIn
) -> None:
    sync(business)
    changed, *_ = Customer.objects.order_by("pk")
    switch_on(business, enabled=False)
    Customer.objects.filter(pk=changed.pk).update(first_name="Renamed")
    new = CustomerFactory.create(business=business)
    Integration.objects.filter(business=business).update(enabled=True)
    segment.reset()

    job = sync(business)
    assert (job.done, job.passed_over) == (2, 6)
    assert identified(segment) == once_each(changed, new)


def test_identifies_that_wait_are_neither_replaced_nor_doubled(
    business: Business, segment: SegmentStandIn
) -> None:
    customer, *_ = Customer.objects.all()
    customer.first_name = "Renamed"
    customer.save()
    (waits,) = waiting()
    job = start_sync(business)
    run_jobs(timezone.now())

    job.refresh_from_db()
    assert (job.done, job.passed_over) == (6, 1)
    assert waiting(customer=customer)[0].message_id == waits.message_id
    assert {row.is_bulk for row in waiting() if row.customer_id != customer.pk} == {True}
    deliver()
    assert identified(segment) == once_each(*Customer.objects.all())


def test_refused_details_are_not_sent_again(business: Business, segment: SegmentStandIn) -> None:
    refused, *_ = Customer.objects.all()
    segment.fault("refuse_messages", contains=str(refused.uuid))
    sync(business)
    segment.reset()
    job = sync(business)
    assert (job.done, job.passed_over) == (0, 7)


def test_a_new_key_starts_anew(business: Business, segment: SegmentStandIn) -> None:
    sync(business)
    switch_on(business, write_key=write_key(2))
    assert offer_of(business).unknown == 7
    assert sync(business).done == 7
    assert identified(segment, write_key(2)) == once_each(*Customer.objects.all())


def test_a_key_that_changes_meanwhile_ends_the_sync(business: Business) -> None:
    job = start_sync(business)
    switch_on(business, write_key=write_key(2))
    with nothing_written():
        run_jobs(timezone.now())
    job.refresh_from_db()
    assert job.finished_at is not None
    assert (job.done, job.ended_because) == (0, feed.KEY_CHANGED)
    assert start_sync(business).pk != job.pk, "a new sync can be asked for"


def test_a_bounded_number_waits(business: Business, segment: SegmentStandIn) -> None:
    add_bulk_visits(feed.MOST_WAITING - 4, Customer.objects.earliest("pk"))
    job = start_sync(business)
    run_jobs(timezone.now())
    assert Outgoing.objects.count() == feed.MOST_WAITING
    run_jobs(timezone.now())
    assert Outgoing.objects.count() == feed.MOST_WAITING
    assert feed.is_any_waiting()
    deliver()
    run_jobs(timezone.now())
    assert Outgoing.objects.count() == 3
    run_jobs(timezone.now())
    job.refresh_from_db()
    assert job.finished_at is not None
    assert not feed.is_any_waiting()


def test_pause_resume_and_cancel(
    business: Business, segment: SegmentStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 3)
    job = start_sync(business)
    run_jobs(timezone.now())
    deliver()
    assert control.pause(business.pk, SYNC, timezone.now())
    assert not control.pause(business.pk, SYNC, timezone.now())
    with nothing_written():
        assert run_jobs(timezone.now()) == 0
    assert start_sync(business).pk == job.pk, "the paused sync is the one that goes on"

    assert control.resume(business.pk, SYNC)
    assert not control.resume(business.pk, SYNC)
    run_jobs(timezone.now())
    assert control.cancel(business.pk, SYNC, timezone.now())
    assert not control.cancel(business.pk, SYNC, timezone.now())
    assert run_jobs(timezone.now()) == 0
    deliver()
    job.refresh_from_db()
    assert (job.done, job.ended_because) == (6, control.CANCELED)
    assert identified(segment).total() == 6

    assert sync(business).done == 1
    assert identified(segment) == once_each(*Customer.objects.all())


def test_a_business_that_is_off_waits_and_another_goes_on(
    business: Business, segment: SegmentStandIn
) -> None:
    job = start_sync(business)
    switch_on(business, enabled=False)
    other = sending_business(write_key(2))
    customer = CustomerFactory.create(business=other)
    Outgoing.objects.all().delete()
    sync(other)
    assert identified(segment, write_key(2)) == once_each(customer)
    job.refresh_from_db()
    assert (job.position, job.finished_at) == ({}, None)
    assert first_sync.request_sync(business.pk, None, timezone.now()) is None

    switch_on(business)
    run_jobs(timezone.now())
    job.refresh_from_db()
    assert job.done == 7


def test_live_events_go_first(business: Business, segment: SegmentStandIn) -> None:
    start_sync(business)
    run_jobs(timezone.now())
    clerk: Employee = EmployeeFactory.create(business=business)
    order: Order = OrderFactory.create(customer=Customer.objects.latest("pk"), sold_by=clerk)
    deliver()
    first = segment.messages(WRITE_KEY)[0].message
    assert (first["type"], first["userId"]) == ("identify", str(order.customer.uuid))
    types = [message["type"] for message in segment.accepted(WRITE_KEY)]
    assert types[:2] == ["identify", "track"]


def run_command(*arguments: Any) -> str:
    out = StringIO()
    call_command("sync_customers", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_counts_shows_five_and_queues(
    business: Business, segment: SegmentStandIn
) -> None:
    with nothing_written():
        *previews, line = run_command(business.pk, "--dry-run").splitlines()
    assert line == "7 customers, of whom Segment knows 0. Nothing was queued."
    assert len(previews) == 5
    assert {json.loads(preview)["type"] for preview in previews} == {IDENTIFY}
    assert "(hidden" in previews[0]
    assert not Request.objects.exists()

    assert run_command(business.pk) == ("7 customers, of whom Segment knows 0. Queued.\n")
    assert Request.objects.get().expected == 7
    with pytest.raises(CommandError, match="no business 12345"):
        run_command(12345)
    switch_on(business, enabled=False)
    with pytest.raises(CommandError, match="switched off"):
        run_command(business.pk)
