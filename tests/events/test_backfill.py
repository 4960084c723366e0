"""Past events go out once, with their true times and the mark, in each customer's order."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from customers.models import Business, Customer, Employee, NewLineItem, Order
from events import catalogue
from events.jobs import backfill, control, feed
from events.jobs.backfill_offer import read_backfill_offer
from events.jobs.run import run_jobs
from events.models import DestinationUse, HeldTrack, Integration, Outgoing, Request, SendLog
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import deliver, lane_of, sending_business, write_key
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory, EmployeeFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, 20, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 2, 18, 0, tzinfo=UTC)
SINCE = date(2026, 3, 1)
BACKFILL = Request.Kind.BACKFILL


@pytest.fixture(autouse=True)
def in_march() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=True) as travel:
        yield travel


@pytest.fixture
def business() -> Business:
    """A business that is switched off."""
    return sending_business(WRITE_KEY, enabled=False)


def switch(business: Business, **changes: Any) -> Integration:
    integration = Integration.objects.get(business=business)
    for name, value in changes.items():
        setattr(integration, name, value)
    integration.save()
    return integration


def at(day: int, hour: int = 18) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def history(business: Business) -> list[Customer]:
    """Two customers from January; in March each has an order that is returned two days later."""
    clerk: Employee = EmployeeFactory.create(business=business, name="Carla")
    customers = CustomerFactory.create_batch(2, business=business, created_at=LONG_AGO)
    for customer in customers:
        items = [NewLineItem("Shirt", Decimal("4.50"))]
        order = Order.create(customer, items=items, sold_by=clerk, at=at(10))
        order.mark_ready(at=at(11))
        order.return_to_customer(by=clerk, at=at(12))
    return customers


def start(business: Business, since: date = SINCE) -> Request:
    job = backfill.request_backfill(business.pk, since, None, timezone.now())
    assert job is not None
    return job


def run(business: Business, since: date = SINCE) -> Request:
    """Run a backfill to its end, and deliver."""
    job = start(business, since)
    while job.finished_at is None:
        assert run_jobs(timezone.now())
        deliver()
        job.refresh_from_db()
    return job


def tracks(
    segment: SegmentStandIn, customer: Customer, key: str = WRITE_KEY
) -> list[dict[str, Any]]:
    return [
        message
        for message in segment.accepted(key)
        if message["type"] == "track" and message["userId"] == str(customer.uuid)
    ]


def names_and_times(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["event"], message["timestamp"][:13]) for message in messages]


STORY = [
    ("Order Created", "2026-03-10T18"),
    ("Customer Visit", "2026-03-10T18"),
    ("Order Ready", "2026-03-11T18"),
    ("Order Returned", "2026-03-12T18"),
    ("Order Line Item Returned", "2026-03-12T18"),
    ("Customer Visit", "2026-03-12T18"),
]


def test_each_past_event_is_sent_once_in_order_with_its_time_and_the_mark(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    switch(business, enabled=True)
    deliver()
    assert segment.accepted() == []
    job = run(business)
    for customer in history:
        messages = tracks(segment, customer)
        assert names_and_times(messages) == STORY
        assert {message["properties"]["backfilled"] for message in messages} == {True}
        assert {message["integrations"].get("Promoter.io") for message in messages} == {False}
        first = next(m for m in segment.accepted() if m["userId"] == str(customer.uuid))
        assert first["type"] == "identify", "Segment knows the customer before the first event"
    created, _, ready, returned, *_ = tracks(segment, history[0])
    assert created["properties"]["sold_by"] == "Carla"
    assert [one["properties"]["returned_by"] for one in (created, ready, returned)] == [
        None,
        None,
        "Carla",
    ]
    sent = len(segment.accepted())
    assert (job.expected, job.passed_over, job.ended_because) == (2, 0, "")
    assert job.done == sum(len(tracks(segment, customer)) for customer in history)

    again = run(business)
    assert (again.done, again.passed_over) == (0, job.done)
    assert len(segment.accepted()) == sent


def test_what_was_sent_live_waits_or_is_held_is_not_sent_again(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    switch(business, enabled=True)
    live, held = history
    clerk = Employee.objects.get(business=business)
    OrderFactory.create(customer=live, sold_by=clerk, number="LIVE")
    deliver()
    segment.fault("refuse_messages", contains=str(held.uuid))
    OrderFactory.create(customer=held, sold_by=clerk, number="HELD")
    deliver()
    assert HeldTrack.objects.filter(event="Order Created").count() == 1
    segment.reset()
    OrderFactory.create(customer=live, sold_by=clerk, number="WAITS")
    waiting = Outgoing.objects.filter(event="Order Created").count()
    assert waiting == 1
    start(business)
    run_jobs(timezone.now())
    numbers = [
        row.facts["order_id"]
        for row in Outgoing.objects.filter(event="Order Created", is_bulk=True)
        if "backfilled" in row.facts
    ]
    assert len(numbers) == 2
    assert not {"LIVE", "HELD", "WAITS"} & set(numbers)


def test_events_of_another_key_are_sent_and_those_of_this_one_are_not(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    switch(business, enabled=True)
    customer, _ = history
    clerk = Employee.objects.get(business=business)
    OrderFactory.create(customer=customer, sold_by=clerk, number="FIRST")
    deliver()
    first = run(business).done
    switch(business, write_key=write_key(2))
    OrderFactory.create(customer=customer, sold_by=clerk, number="SECOND")
    deliver()
    uses = DestinationUse.objects.filter(business=business).order_by("since")
    assert [use.destination for use in uses][1:] == [lane_of(business).log_destination]

    job = run(business)
    assert job.done == first + 1, "what the first key got, FIRST live and the others later"
    ids = [
        message["properties"]["order_id"]
        for message in tracks(segment, customer, write_key(2))
        if message["event"] == "Order Created"
    ]
    assert sorted(ids) == sorted({*ids})
    assert {"FIRST", "SECOND"} <= {*ids}
    assert run(business).done == 0

    switch(business, write_key=WRITE_KEY)
    assert run(business).done == 1, "the first key never got SECOND"


def test_muted_events_are_left_out_and_sent_once_they_are_on(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    switch(business, enabled=True, muted=["Order Ready"])
    run(business)
    assert "Order Ready" not in {name for name, _ in names_and_times(tracks(segment, history[0]))}
    switch(business, muted=[])
    assert run(business).done == 2
    assert names_and_times(tracks(segment, history[0]))[-1] == ("Order Ready", "2026-03-11T18")


def test_a_period_ends_on_the_business_s_day(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    switch(business, enabled=True)
    job = run(business, date(2026, 3, 12))
    since = datetime.fromisoformat(job.matching["since"])
    assert since.astimezone(UTC).hour in {7, 8}, "midnight in the business's zone"
    assert {time[:10] for _, time in names_and_times(tracks(segment, history[0]))} == {"2026-03-12"}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_chunks_of_any_size_send_each_event_once_in_order(
    business: Business,
    history: list[Customer],
    segment: SegmentStandIn,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    monkeypatch.setattr(feed, "FEED_CHUNK_SIZE", size)
    monkeypatch.setattr(backfill, "FIRST_CUSTOMERS", size)
    switch(business, enabled=True)
    job = run(business)
    assert Outgoing.objects.count() == 0
    assert job.position["looked_at"] == job.expected == 2
    for customer in history:
        messages = tracks(segment, customer)
        assert [message["timestamp"] for message in messages] == sorted(
            message["timestamp"] for message in messages
        )
    ids = SendLog.objects.exclude(event="identify").values_list("event", "subject_id")
    assert len(ids) == len({*ids}) == job.done


def test_pause_key_change_and_the_log_s_retention(
    business: Business, history: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = switch(business, enabled=True, retention_months=2)
    with pytest.raises(backfill.CannotBackfill, match=r"Jan 1, 2026 or a later day"):
        start(business, date(2025, 12, 31))
    with pytest.raises(backfill.CannotBackfill, match="not in the future"):
        start(business, date(2026, 3, 22))
    job = start(business)
    assert control.pause(business.pk, BACKFILL, timezone.now())
    with nothing_written():
        run_jobs(timezone.now())
    assert control.resume(business.pk, BACKFILL)
    integration.write_key = write_key(2)
    integration.save()
    with nothing_written():
        run_jobs(timezone.now())
    job.refresh_from_db()
    assert job.ended_because == feed.KEY_CHANGED


def test_every_event_can_be_backfilled_or_says_why_not() -> None:
    for event in catalogue.EVENTS:
        can = event in catalogue.BACKFILLED_EVENTS
        assert can == (event.not_backfilled == ""), event.name
    assert {event.name for event in catalogue.EVENTS if event.not_backfilled} == {
        "Customer Lost",
        "Customer Birthday",
    }


def test_an_offer_counts_what_would_be_sent_and_writes_nothing(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    integration = switch(business, enabled=True)
    span = backfill.span_since(integration, SINCE, timezone.now())
    with nothing_written():
        offer = read_backfill_offer(integration, span)
    assert (offer.customers, offer.unknown, offer.sent_before) == (2, 2, 0)
    assert not offer.is_estimate
    assert dict(offer.by_event)["Order Ready"] == 2
    assert offer.events == run(business).done
    offer = read_backfill_offer(integration, span)
    assert (offer.events, offer.customers) == (0, 0)
    assert offer.sent_before > 0


def test_delays_do_not_count_backfilled_events(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    switch(business, enabled=True)
    run(business)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_dailydelay")
        assert cursor.fetchone() == (0,)


def test_the_command_counts_shows_and_queues(
    business: Business, history: list[Customer], segment: SegmentStandIn
) -> None:
    def command(*arguments: Any) -> list[str]:
        out = StringIO()
        call_command("backfill_events", business.pk, *arguments, stdout=out)
        return out.getvalue().splitlines()

    switch(business, enabled=True)
    with nothing_written():
        *examples, line = command("--days", "30", "--dry-run")
    assert len(examples) == 5
    assert '"backfilled": true' in examples[0] or '"backfilled":true' in examples[0]
    assert line.endswith("Nothing was queued.")
    (line,) = command("--since", "2026-03-01")
    assert line == "12 events of 2 customers since 2026-03-01. Queued."
    assert Request.objects.get().kind == BACKFILL
    with pytest.raises(CommandError, match="not in the future"):
        command("--since", "2027-01-01")
