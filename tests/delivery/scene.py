"""What delivery tests are made of: businesses that send, what waits for them, what became of it, and time that passes."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from customers.models import Business, Customer
from events.identify import IDENTIFY
from events.models import DeliveryAttempt, Integration, Lane, Outgoing, SendLog
from smrt_integration.delivery.deliver import BUDGET_SECONDS, Delivery
from tests.factories import BusinessFactory, CustomerFactory

PATIENCE = 30.0
"""Seconds after which a run that should have ended never will."""

VISITS = """
INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
SELECT c.business_id, c.id, c.uuid, 'Customer Visit', n, replace(gen_random_uuid()::text, '-', ''), now(), '{"visit_type": "Store"}'
FROM customers_customer c, generate_series(1, %s) n WHERE c.id = ANY (%s) ORDER BY n, c.id
"""


def write_key(number: int) -> str:
    return f"{number:032d}"


def sending_business(key: str, **config: Any) -> Business:
    """A business that is switched on with this write key."""
    business = BusinessFactory.create()
    Integration.objects.create(**{"business": business, "enabled": True, "write_key": key} | config)
    return business


def sign_up(business: Business, **details: Any) -> Customer:
    """Two messages wait after it: the customer's signup and their identify."""
    return CustomerFactory.create(business=business, **details)


def add_visits(count: int, *customers: Customer) -> None:
    """So many visits of each customer wait, with subject ids from 1 on."""
    with connection.cursor() as cursor:
        cursor.execute(VISITS, [count, [customer.pk for customer in customers]])


def deliver(from_zero: bool = False) -> Delivery:
    """One run of a worker, in this process."""
    delivery = Delivery(from_zero)
    delivery.run()
    return delivery


def time_passes() -> None:
    """All that lanes wait for is over now: what Segment asked for, the pause after a failure, a dead worker's lease."""
    now = timezone.now()
    Lane.objects.filter(resume_at__gt=now).update(resume_at=now)
    Lane.objects.filter(lease_until__gt=now).update(lease_until=now - timedelta(seconds=1))


def lane_of(business: Business) -> Lane:
    return Lane.objects.get(business=business)


def waiting(**which: Any) -> list[Outgoing]:
    """Oldest first."""
    return list(Outgoing.objects.filter(**which).order_by("id"))


def message_ids() -> list[str]:
    """Of all that waits for one business, in the order in which it leaves: identifies first."""
    rows = waiting()
    return [row.message_id for row in rows if row.event == IDENTIFY] + [
        row.message_id for row in rows if row.event != IDENTIFY
    ]


def logged(**which: Any) -> list[SendLog]:
    return list(SendLog.objects.filter(**which).order_by("id"))


def outcomes(**which: Any) -> list[tuple[str, str]]:
    """Event and outcome of every message in the log."""
    return [(entry.event, entry.outcome) for entry in logged(**which)]


def attempts(business: Business) -> list[DeliveryAttempt]:
    return list(DeliveryAttempt.objects.filter(business=business).order_by("id"))


def event_names(messages: list[dict[str, Any]]) -> list[str]:
    return [message.get("event", message["type"]) for message in messages]


@dataclass(frozen=True)
class Run:
    """A worker's run beside the test."""

    delivery: Delivery
    ended: Future[bool]

    @property
    def over(self) -> bool:
        return self.ended.done()

    def end(self) -> None:
        """Take up nothing more."""
        self.delivery.budget = 0.0


@contextmanager
def delivering(budget: float = BUDGET_SECONDS) -> Iterator[Run]:
    """A run of a worker beside what the block does, in a thread with a database connection of its own; the block ends after it."""
    delivery = Delivery(budget=budget)
    with ThreadPoolExecutor(1) as worker:
        run = Run(delivery, worker.submit(_run_and_disconnect, delivery))
        yield run
        run.ended.result(PATIENCE)


def _run_and_disconnect(delivery: Delivery) -> bool:
    try:
        return delivery.run()
    finally:
        connection.close()
