"""Record messages about what happened earlier, in the caller's order, as bulk.

They have new ids. Each customer's messages are sent in the order in which they are recorded here.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from events import wake
from events.backfilled import marked
from events.occurrences import Lookup, Occurrence, Related
from events.outbox.record import LOOKUP_QUERIES, NEW_MESSAGE_ID

INSERT_PAST: Final = f"""
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts, is_bulk
)
SELECT c.business_id, c.id, c.uuid, past.event, past.subject_id, {NEW_MESSAGE_ID},
    past.occurred_at, past.facts, TRUE
FROM unnest(
    %(customers)s::bigint[], %(events)s::text[], %(subjects)s::bigint[],
    %(moments)s::timestamptz[], %(facts)s::jsonb[]
) WITH ORDINALITY AS past (customer_id, event, subject_id, occurred_at, facts, place)
CROSS JOIN LATERAL (
    SELECT known.* FROM customers_customer known
    WHERE known.id = past.customer_id AND known.business_id = %(business)s OFFSET 0
) c
ORDER BY past.place
"""

Looked = Mapping[tuple[Related, int | None], Any]


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event of a customer that happened earlier. Its facts hold no `Lookup`."""

    customer_id: int
    event: str
    subject_id: int
    occurred_at: datetime
    facts: Mapping[str, Any]


def record_past(business_id: int, events: Sequence[PastEvent]) -> int:
    """Record these in their order, in the caller's transaction.

    The caller has locked the integration and checked what it sends. Customers who were deleted are
    left out. Returns the number of messages recorded.
    """
    if not events:
        return 0
    params: dict[str, Any] = {
        "business": business_id,
        "customers": [event.customer_id for event in events],
        "events": [event.event for event in events],
        "subjects": [event.subject_id for event in events],
        "moments": [event.occurred_at for event in events],
        "facts": [json.dumps(event.facts) for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT_PAST, params)
        recorded = int(cursor.rowcount)
    if recorded:
        wake.after_commit()
    return recorded


def with_facts(occurrences: Sequence[tuple[int, Occurrence]]) -> list[PastEvent]:
    """Return these (customer id, occurrence) with what their lookups hold now, and the mark."""
    looked = _look_up(occurrence for _, occurrence in occurrences)
    return [
        PastEvent(
            customer_id,
            occurrence.event,
            occurrence.subject_id,
            occurrence.occurred_at,
            marked(
                {
                    name: looked[fact.related, fact.id] if isinstance(fact, Lookup) else fact
                    for name, fact in occurrence.facts.items()
                }
            ),
        )
        for customer_id, occurrence in occurrences
    ]


def _look_up(occurrences: Iterable[Occurrence]) -> Looked:
    """Return what all lookups hold: a query for each kind of row, not for each lookup."""
    wanted: defaultdict[Related, set[int]] = defaultdict(set)
    looked: dict[tuple[Related, int | None], Any] = {}
    for occurrence in occurrences:
        for fact in occurrence.facts.values():
            if isinstance(fact, Lookup):
                looked[fact.related, fact.id] = None
                if fact.id is not None:
                    wanted[fact.related].add(fact.id)
    for related, ids in wanted.items():
        value = LOOKUP_QUERIES[related].replace("%s::bigint", "given.id")
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT given.id, to_jsonb(({value}))::text "
                "FROM unnest(%s::bigint[]) AS given (id)",
                [sorted(ids)],
            )
            looked.update(
                {(related, id_): json.loads(text) for id_, text in cursor.fetchall() if text}
            )
    return looked
