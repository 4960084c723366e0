"""What a backfill would send: exact for a small business, otherwise estimated from some customers.

Counting all events of a million customers would take a page minutes.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Final

from django.db import connection

from customers.by_index import by_index
from events.catalogue import BACKFILLED_EVENTS
from events.jobs.backfill import CUSTOMERS_FROM, not_sent
from events.jobs.past_events import PastKey, Span, find_past
from events.models import AcceptedTraits, Integration
from events.outbox.lane_order import MAX_ID

SAMPLED_CUSTOMERS: Final = 500
"""Counting the events of so many takes some tenths of a second."""
EVENTS_COUNTED: Final = 10_000
"""Events of the sampled customers that are looked at."""
EXAMPLE_EVENTS: Final = 5

COUNT_AND_ENDS: Final = """
SELECT count(*), min(c.id), max(c.id) FROM customers_customer c WHERE c.business_id = %s
"""
CUSTOMERS_AT: Final = """
SELECT DISTINCT found.id FROM unnest(%s::bigint[]) AS point (id) CROSS JOIN LATERAL (
    SELECT c.id FROM customers_customer c
    WHERE (c.business_id, c.id) >= (%s, point.id) AND (c.business_id, c.id) <= (%s, %s::bigint)
    ORDER BY c.business_id, c.id LIMIT 1
) found ORDER BY found.id
"""


@dataclass(frozen=True, slots=True)
class BackfillOffer:
    """How many events would be sent, by name, and how many were sent before.

    `customers` are those with such events, `unknown` those of them whom Segment does not know yet.
    With `is_estimate`, all are extrapolated. `examples` are some of the events, newest first.
    """

    by_event: tuple[tuple[str, int], ...]
    sent_before: int
    customers: int
    unknown: int
    is_estimate: bool
    examples: tuple[PastKey, ...]

    @property
    def events(self) -> int:
        return sum(count for _, count in self.by_event)


def read_backfill_offer(integration: Integration, span: Span) -> BackfillOffer:
    with by_index():
        total, sample = _sample(integration.pk)
        found = find_past(sample, span, PastKey(0, span.since, 0, 0), EVENTS_COUNTED)
        keys = not_sent(found, integration, span)
        customers = {key.customer_id for key in keys}
        known = AcceptedTraits.objects.filter(
            customer_id__in=customers, destination=integration.destination
        ).count()
    looked_at = len(sample)
    if len(found) == EVENTS_COUNTED:
        looked_at = sum(customer <= found[-1].customer_id for customer in sample)
    factor = total / looked_at if looked_at else 1.0
    counts = Counter(key.definition.name for key in keys)
    return BackfillOffer(
        tuple(
            (event.name, round(counts[event.name] * factor))
            for event in BACKFILLED_EVENTS
            if event.name in counts
        ),
        round((len(found) - len(keys)) * factor),
        round(len(customers) * factor),
        round((len(customers) - known) * factor),
        looked_at < total,
        tuple(sorted(keys, key=lambda key: key.at, reverse=True)[:EXAMPLE_EVENTS]),
    )


def _sample(business_id: int) -> tuple[int, list[int]]:
    """Return the number of customers, and the ids of up to SAMPLED_CUSTOMERS of them."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_AND_ENDS, [business_id])
        total, first, last = cursor.fetchone()
        if total <= SAMPLED_CUSTOMERS:
            params = {"business": business_id, "first": 0, "up_to": MAX_ID, "limit": total}
            cursor.execute(CUSTOMERS_FROM, params)
        else:
            # the same ones each time, so that the numbers stay when the page is read again
            random = Random(business_id)  # noqa: S311 - it chooses whom to count
            points = [random.randint(first, last) for _ in range(SAMPLED_CUSTOMERS)]
            cursor.execute(CUSTOMERS_AT, [points, business_id, business_id, MAX_ID])
        return total, [customer_id for (customer_id,) in cursor.fetchall()]
