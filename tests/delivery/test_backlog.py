"""One run of `deliver` goes on until nothing is due, over as many rounds as it takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.conf import LazySettings

from bench import fill
from bench.programs import Receiver, running
from events import wake
from events.models import DeliveryAttempt
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.load import MAX_ROWS_PER_LANE
from smrt_integration.delivery.pace import MOST_ROWS, Pace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """Answers so fast that a round ends before the next timed claim."""
    receiver = Receiver()
    with running(receiver):
        settings.SEGMENT_HOST = receiver.url
        yield receiver


def test_a_backlog_of_several_rounds_is_sent_in_one_run(receiver: Receiver) -> None:
    fill.create_businesses(businesses=1, customers=1, orders=2 * MAX_ROWS_PER_LANE + 1)
    fill.empty_outbox_and_log(identified=True)
    fill.fill_outbox()

    assert Delivery().run() is False

    assert fill.count_waiting() == 0
    assert receiver.counts()["tracks"] == 2 * MAX_ROWS_PER_LANE + 1


def test_each_backlog_gets_an_equal_share_of_the_first_round(receiver: Receiver) -> None:
    businesses = 50
    fill.create_businesses(businesses, customers=1, orders=100)
    fill.empty_outbox_and_log(identified=True)
    fill.fill_outbox()

    Delivery(pace=Pace()).run()

    first = DeliveryAttempt.objects.order_by("business_id", "id").distinct("business_id")
    assert [attempt.messages for attempt in first] == businesses * [MOST_ROWS // businesses]
    assert receiver.counts()["tracks"] == 100 * businesses


def test_a_worker_that_cannot_take_everything_wakes_another_once(receiver: Receiver) -> None:
    fill.create_businesses(businesses=1, customers=1, orders=3 * MAX_ROWS_PER_LANE)
    fill.empty_outbox_and_log(identified=True)
    fill.fill_outbox()

    Delivery().run()

    assert queued_wake_ups() == 1


def test_a_worker_that_takes_everything_wakes_no_other(receiver: Receiver) -> None:
    fill.create_businesses(businesses=20, customers=1, orders=1)
    fill.empty_outbox_and_log(identified=True)
    fill.fill_outbox()

    Delivery().run()

    assert receiver.counts()["tracks"] == 20
    assert queued_wake_ups() == 0


def queued_wake_ups() -> int:
    """Return how many `deliver` tasks the broker holds."""
    assert wake.wake_thread.finish(10)
    with current_app.connection_for_read() as broker:
        channel: Any = broker.default_channel
        return int(channel.queue_declare(current_app.conf.task_default_queue).message_count)
