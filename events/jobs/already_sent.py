"""Which events the present destination has, or gets anyway: by the outbox, held tracks and the log.

A job that sends what happened earlier leaves these out, so it doubles neither what was sent live
nor what another job sent. An event that is in the log with another outcome than accepted is left
out, too: its owner can send that message again, under its own id.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from events.catalogue import RECURRING_EVENTS
from events.identify import IDENTIFY
from events.models import DestinationUse, Lane
from events.outbox.lane_order import MAX_ID, bulk_tracks, live_rows

# One statement, which sees each message in one of the three places. Each customer's rows are read
# once, however many events are asked about.
FIND_MESSAGES: Final = f"""
SELECT m.* FROM unnest(%(customers)s::bigint[]) AS given (id) CROSS JOIN LATERAL (
    SELECT s.event, s.subject_id, s.occurred_at, s.settled_at FROM events_sendlog s
    WHERE s.business_id = %(business)s AND s.customer_id = given.id
        AND s.settled_at >= %(since)s AND s.event <> '{IDENTIFY}'
    UNION ALL
    SELECT o.event, o.subject_id, o.occurred_at, NULL FROM events_outgoing o
    WHERE {bulk_tracks("o", "given.id", before=MAX_ID)}
    UNION ALL
    SELECT h.event, h.subject_id, h.occurred_at, NULL FROM events_heldtrack h
    WHERE h.customer_id = given.id
) m
UNION ALL
SELECT o.event, o.subject_id, o.occurred_at, NULL FROM events_outgoing o
WHERE {live_rows("o", "%(business)s")} AND o.event <> '{IDENTIFY}'
    AND o.customer_id = ANY (%(customers)s)
"""


class Period(NamedTuple):
    """From `since` on, until `until`; None is open."""

    since: datetime | None
    until: datetime | None

    def has(self, moment: datetime) -> bool:
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment < self.until
        )


EventKey = tuple[str, int, datetime | None]
"""An event's name and subject, and for one that recurs the time."""


def key_of(event: str, subject_id: int, occurred_at: datetime) -> EventKey:
    return event, subject_id, occurred_at if event in RECURRING_EVENTS else None


def periods_of(business_id: int, destination: str) -> list[Period]:
    """Return when the log's messages of the business went to this destination."""
    uses = list(DestinationUse.objects.filter(business_id=business_id).order_by("since", "id"))
    if not uses:
        # nothing was logged as accepted since this table exists
        elsewhere = Lane.objects.filter(business_id=business_id).exclude(
            accepted_destination__in=("", destination)
        )
        return [] if elsewhere.exists() else [Period(None, None)]
    starts = [None, *(use.since for use in uses[1:])]
    ends = [*starts[1:], None]
    return [
        Period(since, until)
        for use, since, until in zip(uses, starts, ends, strict=True)
        if use.destination == destination
    ]


def already_sent(
    business_id: int, destination: str, customer_ids: Collection[int], since: datetime
) -> set[EventKey]:
    """Return the events of these customers that wait, or were settled for the destination.

    `since` is a time before which none of the events asked about happened.
    """
    periods = periods_of(business_id, destination)
    params: dict[str, Any] = {
        "business": business_id,
        "customers": sorted(set(customer_ids)),
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND_MESSAGES, params)
        rows: Iterable[tuple[str, int, datetime, datetime | None]] = cursor.fetchall()
    return {
        key_of(event, subject_id, occurred_at)
        for event, subject_id, occurred_at, settled_at in rows
        if settled_at is None or any(period.has(settled_at) for period in periods)
    }
