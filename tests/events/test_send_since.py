"""After a wrong key, what went to the other source goes to the present one, once."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from customers.models import Business, Customer, Employee
from events.jobs import feed, send_since
from events.jobs.run import run_jobs
from events.models import DailyCount, Integration, Request, SendLog
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import deliver, sending_business, write_key
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory, EmployeeFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
RIGHT_KEY = write_key(7)


@pytest.fixture
def since() -> datetime:
    return timezone.now() - timedelta(minutes=5)


@pytest.fixture
def business() -> Business:
    return sending_business(WRITE_KEY)


@pytest.fixture
def clerk(business: Business) -> Employee:
    return EmployeeFactory.create(business=business)


@pytest.fixture
def customer(business: Business, clerk: Employee, segment: SegmentStandIn) -> Customer:
    """A customer whose signup and order went to the wrong source. Then the key was corrected."""
    customer: Customer = CustomerFactory.create(business=business)
    OrderFactory.create(customer=customer, sold_by=clerk, number="WRONG")
    deliver()
    correct_the_key(business)
    return customer


def correct_the_key(business: Business) -> None:
    integration = Integration.objects.get(business=business)
    integration.write_key = RIGHT_KEY
    integration.save()


def run(business: Business, since: datetime) -> Request:
    job = send_since.request_send_since(business.pk, since, None, timezone.now())
    assert job is not None
    while job.finished_at is None:
        assert run_jobs(timezone.now())
        deliver()
        job.refresh_from_db()
    return job


def events(segment: SegmentStandIn, key: str) -> list[dict[str, Any]]:
    return [message for message in segment.accepted(key) if message["type"] == "track"]


def test_what_went_elsewhere_goes_out_once_under_new_ids_with_its_time_and_content(
    business: Business, customer: Customer, since: datetime, segment: SegmentStandIn
) -> None:
    before = events(segment, WRITE_KEY)
    assert [message["event"] for message in before] == ["New Customer Signup", "Order Created"]
    job = run(business, since)
    again = events(segment, RIGHT_KEY)
    assert [message["event"] for message in again] == ["New Customer Signup", "Order Created"]
    for one, other in zip(before, again, strict=True):
        assert one["messageId"] != other["messageId"]
        assert one["timestamp"] == other["timestamp"]
        assert other["properties"] == one["properties"] | {"backfilled": True}
        assert other["integrations"] == {"Promoter.io": False}
    assert segment.accepted(RIGHT_KEY)[0]["type"] == "identify"
    assert job.done == 3

    sent = len(segment.accepted())
    second = run(business, since)
    assert (second.done, second.passed_over) == (0, 3)
    assert len(segment.accepted()) == sent


@pytest.mark.parametrize("size", [1, 2])
def test_chunks_of_any_size(
    business: Business,
    customer: Customer,
    since: datetime,
    segment: SegmentStandIn,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    monkeypatch.setattr(feed, "FEED_CHUNK_SIZE", size)
    run(business, since)
    assert [message["event"] for message in events(segment, RIGHT_KEY)] == [
        "New Customer Signup",
        "Order Created",
    ]


def test_what_the_present_source_has_is_left_alone(
    business: Business,
    customer: Customer,
    clerk: Employee,
    since: datetime,
    segment: SegmentStandIn,
) -> None:
    OrderFactory.create(customer=customer, sold_by=clerk, number="RIGHT")
    deliver()
    offer = send_since.read_since_offer(Integration.objects.get(business=business), since)
    assert (offer.elsewhere, offer.details, offer.never, offer.present) == (2, 1, 0, 2)
    run(business, since)
    numbers = [
        message["properties"]["order_id"]
        for message in events(segment, RIGHT_KEY)
        if message["event"] == "Order Created"
    ]
    assert sorted(numbers) == ["RIGHT", "WRONG"]


def test_what_was_never_accepted_goes_under_its_own_id_and_discarded_events_stay(
    business: Business,
    customer: Customer,
    clerk: Employee,
    since: datetime,
    segment: SegmentStandIn,
) -> None:
    OrderFactory.create(customer=customer, sold_by=clerk, number="FIRST")
    deliver()
    segment.fault("refuse_messages", contains="REFUSED")
    OrderFactory.create(customer=customer, sold_by=clerk, number="REFUSED")
    deliver()
    (refused,) = SendLog.objects.filter(outcome="rejected")
    segment.reset()
    SendLog.objects.filter(event="New Customer Signup").update(outcome="skipped")

    run(business, since)
    arrived = {
        message["properties"].get("order_id"): message for message in events(segment, RIGHT_KEY)
    }
    assert arrived.keys() == {"WRONG", "REFUSED"}
    assert arrived["REFUSED"]["messageId"] == refused.message_id
    assert "backfilled" not in arrived["REFUSED"]["properties"]
    assert run(business, since).done == 0


def test_an_unconfirmed_message_of_another_source_gets_a_new_id(
    business: Business,
    clerk: Employee,
    since: datetime,
    segment: SegmentStandIn,
    customer: Customer,
) -> None:
    entry = SendLog.objects.get(event="Order Created")
    SendLog.objects.filter(pk=entry.pk).update(
        outcome="unconfirmed", packed_body=None, facts={"order_id": "WRONG", **_facts()}
    )
    DailyCount.objects.filter(event="Order Created").update(outcome="unconfirmed")
    run(business, since)
    (order,) = [one for one in events(segment, RIGHT_KEY) if one["event"] == "Order Created"]
    assert order["messageId"] != entry.message_id
    assert (order["properties"]["order_id"], order["properties"]["backfilled"]) == ("WRONG", True)


def _facts() -> dict[str, Any]:
    return {
        "agent": None,
        "customer_brand": "B",
        "value": "1.00",
        "currency": "USD",
        "sold_by": None,
        "returned_by": None,
        "discount": None,
    }


def test_muted_events_and_other_businesses_are_left_out(
    business: Business,
    customer: Customer,
    since: datetime,
    segment: SegmentStandIn,
) -> None:
    other = sending_business(write_key(3))
    CustomerFactory.create(business=other)
    deliver()
    integration = Integration.objects.get(business=business)
    integration.muted = ["Order Created"]
    integration.save()
    run(business, since)
    assert [message["event"] for message in events(segment, RIGHT_KEY)] == ["New Customer Signup"]
    assert send_since.request_send_since(other.pk, since, None, timezone.now()) is None
    with pytest.raises(send_since.CannotSendAgain):
        send_since.request_send_since(
            business.pk, timezone.now() + timedelta(hours=1), None, timezone.now()
        )


def test_the_command(
    business: Business, customer: Customer, since: datetime, segment: SegmentStandIn
) -> None:
    def command(*arguments: Any) -> list[str]:
        out = StringIO()
        call_command(
            "send_again", business.pk, "--since", since.isoformat(), *arguments, stdout=out
        )
        return out.getvalue().splitlines()

    with nothing_written():
        *examples, line = command("--dry-run")
    counted = "2 events and 1 customer details went to another source, 0 messages were refused or"
    assert line == f"{counted} expired. Nothing was queued."
    assert len(examples) == 2
    assert command() == [f"{counted} expired. Queued."]
    assert Request.objects.get().kind == Request.Kind.SEND_SINCE
