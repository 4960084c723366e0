"""Feed a lane: what the jobs share that record many messages of one business.

Such a job lets a bounded number of messages wait. So its lane never has a backlog of hours, its
owner can cancel it with effect, and what PostgreSQL has to look through stays small. A worker that
has sent what waited asks for the next chunks.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from customers.by_index import by_index
from events.models import Integration, Request
from events.outbox.lane_order import bulk_rows, live_rows
from events.outbox.lock_timeout import LockTimeout, lock_timeout

FEEDING_KINDS: Final = (Request.Kind.SYNC, Request.Kind.BACKFILL, Request.Kind.SEND_SINCE)

MOST_WAITING: Final = 4_000
"""Messages of the business that wait, live ones too, before a job lets no more wait. A worker takes
about two seconds for them, and the job's next chunks are ready before they are sent."""
FEED_CHUNK_SIZE: Final = 500
"""Customers, or messages, per transaction. A save of one of them may wait for as long as it
takes."""

KEY_CHANGED: Final = "The write key or the region was changed."

# The floors spare it the deleted rows, as they do a claim.
COUNT_WAITING: Final = f"""
SELECT count(*) FROM (
    SELECT o.* FROM events_lane l CROSS JOIN LATERAL (
        (SELECT q.id FROM events_outgoing q WHERE {live_rows("q", "l.business_id", "l.floor")}
            LIMIT {MOST_WAITING})
        UNION ALL
        (SELECT q.id FROM events_outgoing q WHERE {bulk_rows("q", "l.business_id", "l.bulk_floor")}
            LIMIT {MOST_WAITING})
    ) o WHERE l.business_id = %s LIMIT {MOST_WAITING}
) waiting
"""


class MustWait(Exception):
    """The job does nothing now: the lane is full, or the integration is switched off."""


class Ended(Exception):
    """The job ends before it is done. The text says why, for an owner."""


@contextmanager
def feeding(job: Request) -> Iterator[tuple[Integration, int]]:
    """Run a chunk: yield the integration, locked, and how many messages the lane has room for.

    The statements of the block look rows up by indexes. Raises MustWait, or Ended if the messages
    would go to another destination than the owner confirmed.
    """
    with lock_timeout(), by_index() as cursor:
        integrations = Integration.objects.select_for_update(no_key=True, of=("self",))
        integration = integrations.select_related("business").get(pk=job.business_id)
        if integration.destination != job.matching["destination"]:
            raise Ended(KEY_CHANGED)
        if not integration.enabled:
            raise MustWait
        if (room := MOST_WAITING - _count_waiting(cursor, job.business_id)) <= 0:
            raise MustWait
        yield integration, min(room, FEED_CHUNK_SIZE)


@contextmanager
def ending(job: Request) -> Iterator[None]:
    """Catch what keeps a chunk from being done. If the job ends early, note why."""
    try:
        with suppress(MustWait, LockTimeout):
            yield
    except Ended as reason:
        job.ended_because = str(reason)


def is_any_waiting() -> bool:
    """Return whether a job may go on now that messages were sent."""
    return Request.objects.filter(
        finished_at=None,
        paused_at=None,
        kind__in=FEEDING_KINDS,
        business__integration__enabled=True,
        business__lane__stopped="",
    ).exists()


def _count_waiting(cursor: Any, business_id: int) -> int:
    cursor.execute(COUNT_WAITING, [business_id])
    return int(cursor.fetchone()[0])


def lock_ready(business_id: int) -> Integration | None:
    """Return the integration, locked, so that two requests for a job come one after the other.

    None if it is switched off or has no key that can be read.
    """
    integrations = Integration.objects.select_for_update(no_key=True, of=("self",))
    integration = integrations.filter(pk=business_id, enabled=True).first()
    return integration if integration and integration.destination else None
