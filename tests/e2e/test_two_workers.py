"""Two workers deliver thousands of events: each message is sent and logged once, in order."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from django.db import connection

from events import wake
from events.models import DeliveryAttempt, Outgoing, SendLog
from tests.delivery.sending_businesses import add_visits, sending_business, sign_up, write_key
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until

BUSINESSES = 80
VISITS = 60
WORKER_NAMES = {"first worker", "second worker"}


def workers_that_delivered() -> set[str]:
    """Return the workers that last used a table of the delivery."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT application_name FROM pg_stat_activity"
            " WHERE query ~ 'events_(lane|outgoing|sendlog|deliveryattempt)'"
        )
        return {row[0] for row in cursor.fetchall()} & WORKER_NAMES


@pytest.mark.slow
def test_each_message_is_sent_once_and_logged_once(
    start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    for name in sorted(WORKER_NAMES):
        start_worker(PGAPPNAME=name)
    customers = {
        write_key(number): sign_up(sending_business(write_key(number)))
        for number in range(BUSINESSES)
    }
    add_visits(VISITS, *customers.values())
    wait_until(wake.wake, "a worker is woken")
    everything = BUSINESSES * (2 + VISITS)

    wait_until(lambda: segment.counts()["accepted"] >= everything, "all messages arrive", 40)
    wait_until(lambda: not Outgoing.objects.exists(), "the outbox is empty")
    wait_until(lambda: workers_that_delivered() == WORKER_NAMES, "both workers have delivered")

    assert segment.counts() == {"accepted": everything, "dropped": 0}
    sent = [arrival.message["messageId"] for arrival in segment.messages()]
    entries = SendLog.objects.values_list("message_id", "outcome", "attempts")
    assert sorted(entries) == sorted((message_id, "accepted", 1) for message_id in sent)
    assert set(DeliveryAttempt.objects.values_list("status", flat=True)) == {200}

    visits: dict[str, list[str]] = defaultdict(list)
    for arrival in segment.messages():
        if arrival.message.get("event") == "Customer Visit":
            visits[arrival.write_key].append(arrival.message["messageId"])
    for key, customer in customers.items():
        recorded = SendLog.objects.filter(customer_id=customer.pk, event="Customer Visit").order_by(
            "subject_id"
        )
        assert visits[key] == list(recorded.values_list("message_id", flat=True))
