"""Beat delivers events within seconds when their wake-up was lost.

A second beat, or a task that runs twice or late, changes nothing.
"""

from collections.abc import Callable

import pytest

from customers.models import Business
from events.models import Integration, Outgoing, SendLog
from smrt_integration import tasks
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    event_names,
    logged,
    message_ids,
    sending_business,
    sign_up,
)
from tests.factories import CustomFieldFactory, CustomFieldValueFactory
from tests.segment import SegmentStandIn
from tests.workers import Beat, Worker, wait_until

DELIVERY_SECONDS = 10.0
"""Events leave within this time once a worker and beat are running."""
MIN_TICKS = 2
"""Ticks of each beat, so that both had a chance to send everything again."""


def create_birthday_today(business: Business) -> None:
    """Create a customer whose birthday is today. The sweep of the first tick finds it."""
    customer = sign_up(business)
    field = CustomFieldFactory.create(business=business, birthday=True)
    CustomFieldValueFactory.create(
        customer=customer, field=field, value=f"1990-{business.today():%m-%d}"
    )
    integration = Integration.objects.get(business=business)
    integration.birthday_field, integration.birthday_hour = field, 0
    integration.save()


def ticks(beat: Beat) -> int:
    return beat.printed.count("Sending due task Deliver what waits")


@pytest.mark.slow
def test_two_beats_deliver_events_without_a_wake_up_and_each_event_once(
    start_worker: Callable[..., Worker], start_beat: Callable[[], Beat], segment: SegmentStandIn
) -> None:
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    create_birthday_today(business)
    deliver()
    segment.reset()
    start_worker()
    # Inserted with SQL, so there is no wake-up.
    add_visits(5, customer)

    beats = [start_beat(), start_beat()]
    segment.wait_for(6, WRITE_KEY, timeout=DELIVERY_SECONDS + 10)
    wait_until(
        lambda: min(ticks(beat) for beat in beats) >= MIN_TICKS,
        "both beats ticked several times",
        30,
    )
    wait_until(lambda: not Outgoing.objects.exists(), "the outbox is empty")

    assert sorted(event_names(segment.accepted())) == ["Customer Birthday", *["Customer Visit"] * 5]
    assert segment.counts()["dropped"] == 0
    assert SendLog.objects.filter(event="Customer Birthday").count() == 1


@pytest.mark.django_db
def test_tasks_that_run_twice_or_late_find_nothing_to_do(segment: SegmentStandIn) -> None:
    create_birthday_today(sending_business(WRITE_KEY))
    all_tasks = [
        tasks.sweep_birthdays,
        tasks.fan_out_trait_changes,
        tasks.deliver,
        tasks.sweep_lost,
        tasks.expire_waiting,
        tasks.keep_partitions,
    ]
    for task in all_tasks:
        task()
    sent, entries = segment.accepted(), len(logged())
    assert "Customer Birthday" in event_names(sent)

    for task in all_tasks:
        task()

    assert (segment.accepted(), len(logged()), message_ids()) == (sent, entries, [])
