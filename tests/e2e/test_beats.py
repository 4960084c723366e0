"""Beat only ticks: what a lost wake-up left leaves within seconds, and two beats, a task run twice or late have no effect."""

from collections.abc import Callable

import pytest

from customers.models import Business
from events.models import Integration, Outgoing, SendLog
from smrt_integration import tasks
from tests.conftest import WRITE_KEY
from tests.delivery.scene import (
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

SOON = 10.0
"""Seconds within which events leave once a worker and beat can run; design's promise."""
ROUNDS = 2


def celebrate_today(business: Business) -> None:
    """A birthday that is due, found by the sweep of the first tick."""
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
def test_two_beats_deliver_what_no_wake_up_told_of_and_everything_once(
    start_worker: Callable[..., Worker], start_beat: Callable[[], Beat], segment: SegmentStandIn
) -> None:
    business = sending_business(WRITE_KEY)
    customer = sign_up(business)
    celebrate_today(business)
    deliver()
    segment.reset()
    start_worker()
    # straight into the table: nobody is woken
    add_visits(5, customer)

    beats = [start_beat(), start_beat()]
    segment.wait_for(6, WRITE_KEY, timeout=SOON + 10)
    wait_until(
        lambda: min(ticks(beat) for beat in beats) >= ROUNDS, "both had ticked several times", 30
    )
    wait_until(lambda: not Outgoing.objects.exists(), "the outbox was empty")

    assert sorted(event_names(segment.accepted())) == ["Customer Birthday", *["Customer Visit"] * 5]
    assert segment.counts()["dropped"] == 0
    assert SendLog.objects.filter(event="Customer Birthday").count() == 1


@pytest.mark.django_db
def test_tasks_run_twice_or_late_find_nothing_more_to_do(segment: SegmentStandIn) -> None:
    celebrate_today(sending_business(WRITE_KEY))
    run = [
        tasks.sweep_birthdays,
        tasks.fan_out_trait_changes,
        tasks.deliver,
        tasks.sweep_lost,
        tasks.expire_waiting,
        tasks.keep_partitions,
    ]
    for task in run:
        task()
    sent, entries = segment.accepted(), len(logged())
    assert "Customer Birthday" in event_names(sent)

    for task in run:
        task()

    assert (segment.accepted(), len(logged()), message_ids()) == (sent, entries, [])
