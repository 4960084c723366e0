"""Send held tracks anyway, or discard them, as their owner chose.

The owner is asked about a customer whose tracks have been held for a day. A later track of the same
customer is held again, and asked about in its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from events import wake
from events.lanes.status import HELD_SILENTLY
from events.models import Outcome, Request
from events.outbox import held
from events.outbox.unanswered import settled_without_answer
from events.send_log import partitions
from events.send_log.write import write_log

HELD_DISCARDED_REASON: Final = (
    "The owner chose to discard it, because Segment refused the customer's details."
)

HELD_CHUNK_SIZE: Final = 1_000
"""Messages per transaction. They are in nobody's way, but a job shares its worker with others."""
CUSTOMERS_ASKED: Final = 100
"""Customers whom one page lists. After a choice about these, it lists the next."""

FIND_HELD_CUSTOMERS: Final = """
SELECT h.customer_id, count(*), min(h.held_at), max(h.id), COALESCE(max(r.reason), '')
FROM events_heldtrack h LEFT JOIN events_refusedtraits r ON r.customer_id = h.customer_id
WHERE h.business_id = %s
GROUP BY h.customer_id HAVING min(h.held_at) <= %s
ORDER BY min(h.id) LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class HeldCustomer:
    """A customer whose tracks are held. `reason` is what Segment answered."""

    customer_id: int
    events: int
    since: datetime
    newest_id: int
    reason: str


def customers_to_ask_about(business_id: int, now: datetime) -> list[HeldCustomer]:
    """Return the customers whose tracks have been held for a day, the longest held first."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_HELD_CUSTOMERS, [business_id, now - HELD_SILENTLY, CUSTOMERS_ASKED])
        return [HeldCustomer(*row) for row in cursor.fetchall()]


@transaction.atomic
def request_held_choice(
    business_id: int,
    kind: str,
    chosen: Sequence[HeldCustomer],
    up_to: int,
    by: Any,
    now: datetime,
) -> Request:
    """Queue a job that sends, or discards, what is held of these customers up to this id."""
    job = Request.objects.create(
        business_id=business_id,
        kind=kind,
        requested_by=by,
        requested_at=now,
        matching={"up_to": up_to, "customers": [customer.customer_id for customer in chosen]},
        expected=sum(customer.events for customer in chosen),
    )
    wake.run_jobs_after_commit()
    return job


def send_held_chunk(job: Request, now: datetime) -> bool:
    """Put the next chosen tracks back into the outbox, to be sent without an identify.

    Returns whether the job is finished.
    """
    customers, up_to = job.matching["customers"], job.matching["up_to"]
    count = held.release_anyway(job.business_id, customers, up_to, HELD_CHUNK_SIZE)
    job.done += count
    return count < HELD_CHUNK_SIZE


def discard_held_chunk(job: Request, now: datetime) -> bool:
    """Log the next chosen tracks as not sent. Returns whether the job is finished."""
    customers, up_to = job.matching["customers"], job.matching["up_to"]
    partitions.ensure(now)
    with connection.cursor() as cursor:
        rows = held.take_out_held(cursor, job.business_id, customers, up_to, HELD_CHUNK_SIZE)
        discarded = [
            settled_without_answer(row, Outcome.SKIPPED, HELD_DISCARDED_REASON) for row in rows
        ]
        write_log(cursor, discarded, now)
    job.done += len(rows)
    return len(rows) < HELD_CHUNK_SIZE
