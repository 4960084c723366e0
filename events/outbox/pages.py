"""Pages of what waits, held tracks too, oldest first, by keyset.

The outbox has no index for filters: every save would pay for it. A filter scans a limited number of
rows, and the page says when there are more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from customers.by_index import by_index
from events.outbox.held import ALL_WAITING, ALL_WAITING_OF_BUSINESS
from events.send_log.filter import MessageFilter

OUTBOX_ROWS_SCANNED: Final = 20_000
"""Rows scanned at most for a page: some 20 ms, and three times that when each customer's brand is
looked up (bench `outbox_filtered_page_ms`)."""


class OutboxEntry(NamedTuple):
    """A row of the outbox, without its facts. `held_at`: since when the track is held, or None."""

    id: int
    business_id: int
    customer_id: int
    user_id: UUID
    event: str
    subject_id: int
    message_id: str
    occurred_at: datetime
    recorded_at: datetime
    attempts: int
    last_error: str
    held_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Rows of the outbox. `more`: further rows follow in this direction.

    `cut`: the scan ended early. `scanned_to` is the id of the last row scanned, where a single scan
    read all rows.
    """

    entries: list[OutboxEntry]
    more: bool = False
    cut: bool = False
    scanned_to: int | None = None


ENTRY_COLUMNS: Final = ", ".join(f"o.{name}" for name in OutboxEntry._fields)

ENTRY_CONDITION: Final = """
(%(event)s::text IS NULL OR o.event = %(event)s)
    AND (%(first_day)s::date IS NULL OR o.occurred_at
        >= %(first_day)s::date::timestamp AT TIME ZONE COALESCE(s.time_zone, 'UTC'))
    AND (%(last_day)s::date IS NULL OR o.occurred_at
        < (%(last_day)s::date + 1)::timestamp AT TIME ZONE COALESCE(s.time_zone, 'UTC'))
    AND (%(message_id)s = '' OR o.message_id = %(message_id)s)
    AND (%(customers)s::bigint[] = '{{}}' OR o.customer_id = ANY (%(customers)s))
    AND (%(subject_events)s::text[] = '{{}}' OR (o.event, o.subject_id) IN (
        SELECT * FROM unnest(%(subject_events)s::text[], %(subject_ids)s::bigint[])))
    AND (%(brand)s::bigint IS NULL OR %(brand)s = COALESCE(
        (SELECT c.brand_id FROM customers_customer c WHERE c.id = o.customer_id), 0))
"""
PAGE_OF_BUSINESSES: Final = f"""
SELECT o.* FROM unnest(%(businesses)s::bigint[]) AS b (id)
LEFT JOIN customers_business s ON s.id = b.id CROSS JOIN LATERAL (
    SELECT {ENTRY_COLUMNS} FROM (
        SELECT * FROM {ALL_WAITING_OF_BUSINESS} o WHERE o.business_id = b.id {{beyond}}
        ORDER BY o.id {{order}} LIMIT %(scanned)s
    ) o WHERE {ENTRY_CONDITION} ORDER BY o.id {{order}} LIMIT %(most)s
) o
ORDER BY o.id {{order}} LIMIT %(most)s
"""
PAGE_OF_ALL: Final = f"""
SELECT {ENTRY_COLUMNS} FROM (
    SELECT * FROM {ALL_WAITING} o WHERE TRUE {{beyond}} ORDER BY o.id {{order}} LIMIT %(scanned)s
) o
LEFT JOIN customers_business s ON s.id = o.business_id
WHERE {ENTRY_CONDITION} ORDER BY o.id {{order}} LIMIT %(most)s
"""
LAST_ROW_SCANNED: Final = """
SELECT o.id FROM {waiting} o WHERE {condition} {beyond}
ORDER BY o.id {order} OFFSET %(scanned)s - 1 LIMIT 1
"""
ANY_ROW_NOT_SCANNED: Final = f"""
SELECT EXISTS (
    SELECT FROM unnest(%(businesses)s::bigint[]) AS b (id) CROSS JOIN LATERAL (
        SELECT FROM {ALL_WAITING_OF_BUSINESS} o WHERE o.business_id = b.id {{beyond}}
        OFFSET %(scanned)s LIMIT 1
    ) o
)
"""


def page(
    matching: MessageFilter, most: int, beyond: int | None = None, *, oldest_first: bool = True
) -> OutboxPage:
    """Return up to `most` rows past the one with the id `beyond`."""
    if matching.search_result is not None and not matching.search_result:
        return OutboxPage([])
    businesses = matching.businesses
    scanned = OUTBOX_ROWS_SCANNED
    if businesses is not None:
        scanned = max(most + 1, scanned // max(1, len(businesses)))
    params = {**matching.params(), "most": most + 1, "scanned": scanned, "beyond": beyond}
    past = "" if beyond is None else f"AND o.id {'>' if oldest_first else '<'} %(beyond)s"
    clauses = {"beyond": past, "order": "ASC" if oldest_first else "DESC"}
    statement = PAGE_OF_ALL if businesses is None else PAGE_OF_BUSINESSES
    with by_index() as cursor:
        cursor.execute(statement.format(**clauses), params)
        entries = [OutboxEntry(*row) for row in cursor.fetchall()]
        if len(entries) > most or not _has_conditions(matching):
            return OutboxPage(entries[:most], len(entries) > most)
        return _last_page(cursor, entries, businesses, clauses, params)


def adjacent_page(
    matching: MessageFilter, most: int, *, after: int | None = None, before: int | None = None
) -> tuple[OutboxPage, bool, bool]:
    """Return the page after or before a row's id, oldest first.

    Also returns whether there are rows before, and after, those of the page.
    """
    if before is not None:
        older = page(matching, most, before, oldest_first=False)
        if older.more:
            older.entries.reverse()
            return older, True, True
    newer = page(matching, most, None if before is not None else after)
    return newer, after is not None and before is None, newer.more


def _has_conditions(matching: MessageFilter) -> bool:
    days = matching.first_day or matching.last_day
    return bool(matching.event or days or matching.search_result) or matching.brand_id is not None


def _last_page(
    cursor: Any,
    entries: list[OutboxEntry],
    businesses: Sequence[int] | None,
    clauses: dict[str, str],
    params: dict[str, Any],
) -> OutboxPage:
    """Return a page that is not full, with whether rows were left out of the scan."""
    if businesses is not None and len(businesses) != 1:
        cursor.execute(ANY_ROW_NOT_SCANNED.format(**clauses), params)
        return OutboxPage(entries, cut=bool(cursor.fetchone()[0]))
    source = (
        {"waiting": ALL_WAITING_OF_BUSINESS, "condition": "o.business_id = %(only)s"}
        if businesses
        else {"waiting": ALL_WAITING, "condition": "TRUE"}
    )
    only = businesses[0] if businesses else None
    cursor.execute(LAST_ROW_SCANNED.format(**source, **clauses), {**params, "only": only})
    row = cursor.fetchone()
    return OutboxPage(entries, cut=row is not None, scanned_to=row[0] if row else None)
