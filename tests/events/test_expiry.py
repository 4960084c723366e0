"""Only messages that could not be sent for 30 days expire."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from customers.models import Customer, Order
from events.models import Integration, Lane, Outgoing, SendLog
from events.outbox.expire import EXPIRE_CHUNK_SIZE, expire
from events.outbox.record import record
from smrt_integration.delivery.deliver import Delivery
from tests.events.outbox_rows import names, nothing_written, waiting
from tests.factories import BusinessFactory, CustomerFactory
from tests.segment import SegmentStandIn

MONTH = timedelta(days=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def order(integration: Integration, customer: Customer) -> Order:
    """An order of which three messages wait, an identify among them."""
    return Order.create(customer, number="1001")


def set_recorded_at(moment: datetime) -> None:
    Outgoing.objects.update(recorded_at=moment)


def test_messages_that_waited_for_30_days_are_logged_as_expired_with_their_facts(
    order: Order, customer: Customer
) -> None:
    now = timezone.now()
    set_recorded_at(now - MONTH - SECOND)
    before = {row.message_id: row for row in waiting()}
    assert expire(now) == 3
    assert names() == []
    entries = SendLog.objects.order_by("id")
    assert sorted(entry.event for entry in entries) == [
        "Customer Visit",
        "Order Created",
        "identify",
    ]
    for entry in entries:
        row = before[entry.message_id]
        assert (entry.outcome, entry.reason) == (
            "expired",
            "It waited for 30 days and could not be sent.",
        )
        assert (entry.sent_at, entry.attempts, entry.body, entry.settled_at) == (None, 0, "", now)
        assert (entry.business_id, entry.customer_id, entry.user_id) == (
            customer.business_id,
            customer.pk,
            customer.uuid,
        )
        assert (entry.event, entry.subject_id, entry.occurred_at, entry.facts) == (
            row.event,
            row.subject_id,
            row.occurred_at,
            row.facts,
        )
    assert list(
        entries.filter(event="Order Created").values_list("facts__order_id", flat=True)
    ) == ["1001"]


@pytest.mark.usefixtures("order")
def test_messages_that_waited_for_less_keep_waiting() -> None:
    now = timezone.now()
    set_recorded_at(now - MONTH + SECOND)
    with nothing_written():
        assert expire(now) == 0


def test_expiry_counts_from_the_time_of_recording(
    integration: Integration, customer: Customer
) -> None:
    """A phone may be offline for months. What it then reports is still sent."""
    now = timezone.now()
    Order.create(customer, at=now - 3 * MONTH)
    with nothing_written():
        assert expire(now) == 0


@pytest.mark.usefixtures("order")
def test_messages_of_a_business_that_is_switched_off_do_not_expire(
    integration: Integration,
) -> None:
    now = timezone.now()
    integration.enabled = False
    integration.save()
    set_recorded_at(now - 12 * MONTH)
    with nothing_written():
        assert expire(now) == 0


@pytest.mark.usefixtures("order")
def test_messages_of_a_leased_lane_expire_after_its_lease(
    integration: Integration,
) -> None:
    now = timezone.now()
    set_recorded_at(now - MONTH - SECOND)
    Lane.objects.update(lease_token=uuid4(), lease_until=now + SECOND)
    with nothing_written():
        assert expire(now) == 0
    assert expire(now + 2 * SECOND) == 3


@pytest.mark.usefixtures("order")
def test_messages_of_a_halted_lane_expire_too(segment: SegmentStandIn) -> None:
    segment.fault("status", status=401)
    Delivery().run()
    assert Lane.objects.get().stopped
    now = timezone.now()
    set_recorded_at(now - MONTH - SECOND)
    assert expire(now) == 3
    assert set(SendLog.objects.values_list("event", "attempts")) == {
        ("identify", 1),
        ("Customer Visit", 0),
        ("Order Created", 0),
    }


def test_only_the_overdue_ones_of_many_messages_expire(
    integration: Integration, customer: Customer
) -> None:
    now = timezone.now()
    recent_customer = CustomerFactory.create(business=customer.business)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_outgoing "
            "(business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, "
            "facts, recorded_at) "
            "SELECT %s, %s, %s, 'Order Ready', n, md5(n::text), now(), '{}', %s "
            "FROM generate_series(1, %s) n",
            [
                customer.business_id,
                customer.pk,
                customer.uuid,
                now - MONTH - SECOND,
                EXPIRE_CHUNK_SIZE + 1,
            ],
        )
    assert expire(now) == EXPIRE_CHUNK_SIZE + 1
    assert (
        SendLog.objects.filter(outcome="expired").values("message_id").distinct().count()
        == EXPIRE_CHUNK_SIZE + 1
    )
    assert {row.customer_id for row in waiting()} == {recent_customer.pk}


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_workers_log_each_message_once() -> None:
    business = BusinessFactory.create()
    Integration.objects.create(
        business=business, enabled=True, write_key="abcdefghijklmnopqrstuvwxyz012345"
    )
    for customer in CustomerFactory.create_batch(25, business=business):
        record(customer.pk, (), timezone.now())
    now = timezone.now()
    set_recorded_at(now - MONTH - SECOND)
    start = Barrier(4)

    def worker() -> int:
        start.wait(10)
        try:
            return expire(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        expired = sum(worker.result(20) for worker in [threads.submit(worker) for _ in range(4)])
    assert (
        expired
        == SendLog.objects.count()
        == SendLog.objects.values("message_id").distinct().count()
        == 50
    )
    assert names() == []
