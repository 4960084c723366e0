"""Businesses that send, what waits for them, runs of a worker, and what was logged."""

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
from events.outbox.record import record_from_query
from smrt_integration.delivery.deliver import RUN_BUDGET_SECONDS, Delivery
from tests import workers
from tests.factories import BusinessFactory, CustomerFactory

RUN_TIMEOUT_SECONDS = 30.0
"""A run that has not ended by then never will."""

ADD_VISITS = """
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts
)
SELECT c.business_id, c.id, c.uuid, 'Customer Visit', n,
    replace(gen_random_uuid()::text, '-', ''), now(), '{"visit_type": "Store"}'
FROM customers_customer c, generate_series(1, %s) n WHERE c.id = ANY (%s) ORDER BY n, c.id
"""


def write_key(number: int) -> str:
    return f"{number:032d}"


def sending_business(key: str, **config: Any) -> Business:
    """Create a business that is switched on with this write key."""
    business = BusinessFactory.create()
    Integration.objects.create(**{"business": business, "enabled": True, "write_key": key} | config)
    return business


def sign_up(business: Business, **details: Any) -> Customer:
    """Create a customer. Two messages then wait: their signup and their identify."""
    return CustomerFactory.create(business=business, **details)


def add_visits(count: int, *customers: Customer) -> None:
    """Let `count` visits of each customer wait, with subject ids from 1 on."""
    with connection.cursor() as cursor:
        cursor.execute(ADD_VISITS, [count, [customer.pk for customer in customers]])


def add_bulk_visits(count: int, *customers: Customer) -> None:
    """Let `count` visits of each customer wait that live messages are sent before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM events_outgoing_id_seq")
        (before,) = cursor.fetchone()
        add_visits(count, *customers)
        cursor.execute("UPDATE events_outgoing SET is_bulk = TRUE WHERE id > %s", [before])


def record_bulk_visit(customer: Customer, number: int) -> None:
    """Record a visit as a sweep would."""
    query = """occurrences AS (
        SELECT %(business)s::bigint AS business_id, %(customer)s::bigint AS customer_id,
            'Customer Visit' AS event, %(number)s::bigint AS subject_id, now() AS occurred_at,
            '{"visit_type": "Store"}'::jsonb AS facts
    )"""
    params = {"business": customer.business_id, "customer": customer.pk, "number": number}
    record_from_query(query, params)


def deliver(from_zero: bool = False) -> Delivery:
    """Run a worker once, in this process."""
    delivery = Delivery(from_zero)
    delivery.run()
    return delivery


def time_passes() -> None:
    """End every wait of lanes: what Segment asked for, backoff, and the leases of dead workers."""
    # A worker's reading of the database's clock may be a little behind.
    ended = timezone.now() - timedelta(seconds=1)
    Lane.objects.filter(resume_at__gt=ended).update(resume_at=ended)
    Lane.objects.filter(lease_until__gt=ended).update(lease_until=ended)


def let_transactions_end() -> None:
    """Wait until those that ran at the last claim have ended: until then, no floor rises.

    Those of other tests count too: transaction ids are of the whole server.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(next_floor_xmax), 0) FROM events_lane")
        (began,) = cursor.fetchone()
    workers.wait_until(lambda: oldest_transaction() >= began, "other transactions had ended", 60)


def oldest_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def lane_of(business: Business) -> Lane:
    return Lane.objects.get(business=business)


def waiting(**which: Any) -> list[Outgoing]:
    """Return the waiting rows, oldest first."""
    return list(Outgoing.objects.filter(**which).order_by("id"))


def message_ids() -> list[str]:
    """Return the ids of what waits for one business, in the order of sending: identifies first."""
    rows = waiting()
    return [row.message_id for row in rows if row.event == IDENTIFY] + [
        row.message_id for row in rows if row.event != IDENTIFY
    ]


def logged(**which: Any) -> list[SendLog]:
    return list(SendLog.objects.filter(**which).order_by("id"))


def outcomes(**which: Any) -> list[tuple[str, str]]:
    """Return event and outcome of every message in the log."""
    return [(entry.event, entry.outcome) for entry in logged(**which)]


def attempts(business: Business) -> list[DeliveryAttempt]:
    return list(DeliveryAttempt.objects.filter(business=business).order_by("id"))


def event_names(messages: list[dict[str, Any]]) -> list[str]:
    return [message.get("event", message["type"]) for message in messages]


@dataclass(frozen=True)
class Run:
    """A worker's run in another thread."""

    delivery: Delivery
    ended: Future[bool]

    @property
    def over(self) -> bool:
        return self.ended.done()

    def end(self) -> None:
        """Make the run claim nothing more."""
        self.delivery.budget = 0.0


@contextmanager
def delivering(budget: float = RUN_BUDGET_SECONDS) -> Iterator[Run]:
    """Run a worker in a thread, with a database connection of its own, while the block runs.

    The block ends once the run has ended.
    """
    delivery = Delivery(budget=budget)
    with ThreadPoolExecutor(1) as worker:
        run = Run(delivery, worker.submit(_run_and_disconnect, delivery))
        yield run
        run.ended.result(RUN_TIMEOUT_SECONDS)


def _run_and_disconnect(delivery: Delivery) -> bool:
    try:
        return delivery.run()
    finally:
        connection.close()
