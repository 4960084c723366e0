"""Find past events in the business's records, customer by customer, each customer's in order.

The event definitions say where the records show that an event happened (`History`), and which
facts the record has.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.apps import apps
from django.db import connection

from events.catalogue import BACKFILLED_EVENTS
from events.definitions.definition import SavedEvent
from events.outbox.record_past import PastEvent, with_facts

CUSTOMERS_PER_CHUNK: Final = 500
"""Customers whose records one chunk reads at most. Most of them have no event of a given month."""

RANKS: Final = {event.name: rank for rank, event in enumerate(BACKFILLED_EVENTS)}
"""Events of the same moment are sent in the order of the catalogue."""


class PastKey(NamedTuple):
    """One past event of a customer, in the order in which they are sent."""

    customer_id: int
    at: datetime
    rank: int
    subject_id: int

    @property
    def definition(self) -> type[SavedEvent]:
        return BACKFILLED_EVENTS[self.rank]


@dataclass(frozen=True, slots=True)
class Span:
    """Which past events are meant: those with these names, from `since` until `until`."""

    since: datetime
    until: datetime
    events: tuple[str, ...]


def _selects() -> Iterator[str]:
    """Yield a query for each source of rows, with a row of VALUES for each of its events."""
    sources: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for rank, event in enumerate(BACKFILLED_EVENTS):
        if history := event.history:
            source = sources[history.rows, history.subject, history.customer]
            source.append(f"({rank}, CASE WHEN {history.is_certain} THEN {history.at} END)")
    for (rows, subject, customer), moments in sources.items():
        yield f"""
        SELECT e.at, e.rank, {subject} AS subject_id
        FROM {rows} CROSS JOIN LATERAL (VALUES {", ".join(moments)}) AS e (rank, at)
        WHERE {customer} = given.id AND e.at >= %(since)s AND e.at < %(until)s
            AND e.rank = ANY (%(ranks)s)
        """


FIND_PAST: Final = f"""
SELECT given.id, h.at, h.rank, h.subject_id
FROM unnest(%(customers)s::bigint[]) AS given (id)
CROSS JOIN LATERAL ({" UNION ALL ".join(_selects())}) h
WHERE (given.id, h.at, h.rank, h.subject_id)
    > (%(customer)s, %(at)s::timestamptz, %(rank)s, %(subject)s)
ORDER BY given.id, h.at, h.rank, h.subject_id LIMIT %(limit)s
"""


def find_past(customers: Sequence[int], span: Span, after: PastKey, limit: int) -> list[PastKey]:
    """Return up to `limit` past events of these customers that come after one of them."""
    params: dict[str, Any] = {
        "customers": list(customers),
        "since": span.since,
        "until": span.until,
        "ranks": [RANKS[event] for event in span.events],
        "customer": after.customer_id,
        "at": after.at,
        "rank": after.rank,
        "subject": after.subject_id,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND_PAST, params)
        return [PastKey(*row) for row in cursor.fetchall()]


def read_past(keys: Sequence[PastKey]) -> list[PastEvent]:
    """Return the events as their records tell them now. Rows deleted meanwhile are left out."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for key in keys:
        ids[key.definition.model].add(key.subject_id)
    rows = {model: _rows(model, subject_ids) for model, subject_ids in ids.items()}
    return with_facts(
        [
            (key.customer_id, key.definition.past_occurrence(row, key.at))
            for key in keys
            if (row := rows[key.definition.model].get(key.subject_id)) is not None
        ]
    )


def _rows(model: str, ids: set[int]) -> dict[int, Any]:
    """Return the rows by id, each with the row on which its customer depends, if any."""
    paths = {event.customer_id for event in BACKFILLED_EVENTS if event.model == model}
    related = [path.rpartition(".")[0] for path in paths if "." in path]
    rows = apps.get_model(model)._default_manager.filter(pk__in=ids)
    return {row.pk: row for row in rows.select_related(*related)} if related else rows.in_bulk()
