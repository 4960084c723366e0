"""Pages of what waits, oldest first, by keyset. The outbox has no index for filters, which every save would pay for: filters look through
a bounded number of rows, and say so when there are more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from events.index_order import in_index_order
from events.send_log.filter import MessageFilter

SCANNED: Final = 20_000
"""Rows looked through for a page at most: some 20 ms, and three times that when each customer's brand is looked up
(bench `outbox_filtered_page_ms`)."""

COLUMNS: Final = """
o.id, o.business_id, o.customer_id, o.user_id, o.event, o.subject_id, o.message_id, o.occurred_at, o.recorded_at, o.attempts, o.last_error
"""


class OutboxEntry(NamedTuple):
    """A row of the outbox, without its facts."""

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


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """`more`: there are further rows in the direction asked for. `cut`: only some rows were looked through, up to `looked_to` where that is
    one row's id."""

    entries: list[OutboxEntry]
    more: bool = False
    cut: bool = False
    looked_to: int | None = None


MEANT: Final = """
(%(event)s::text IS NULL OR o.event = %(event)s)
    AND (%(first_day)s::date IS NULL OR o.occurred_at >= %(first_day)s::date::timestamp AT TIME ZONE COALESCE({zone}, 'UTC'))
    AND (%(last_day)s::date IS NULL OR o.occurred_at < (%(last_day)s::date + 1)::timestamp AT TIME ZONE COALESCE({zone}, 'UTC'))
    AND (%(message_id)s = '' OR o.message_id = %(message_id)s)
    AND (%(customers)s::bigint[] = '{{}}' OR o.customer_id = ANY (%(customers)s))
    AND (%(subject_events)s::text[] = '{{}}' OR (o.event, o.subject_id) IN (
        SELECT * FROM unnest(%(subject_events)s::text[], %(subject_ids)s::bigint[])))
    AND (%(brand)s::bigint IS NULL
        OR COALESCE((SELECT c.brand_id FROM customers_customer c WHERE c.id = o.customer_id), 0) = %(brand)s)
"""
OF_BUSINESSES: Final = f"""
SELECT o.* FROM unnest(%(businesses)s::bigint[]) AS b (id) LEFT JOIN customers_business s ON s.id = b.id CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM (
        SELECT * FROM events_outgoing o WHERE o.business_id = b.id {{beyond}} ORDER BY o.id {{order}} LIMIT %(scanned)s
    ) o WHERE {MEANT.format(zone="s.time_zone").replace("{", "{{").replace("}", "}}")} ORDER BY o.id {{order}} LIMIT %(most)s
) o
ORDER BY o.id {{order}} LIMIT %(most)s
"""
OF_ALL: Final = f"""
SELECT {COLUMNS} FROM (SELECT * FROM events_outgoing o WHERE TRUE {{beyond}} ORDER BY o.id {{order}} LIMIT %(scanned)s) o
LEFT JOIN customers_business s ON s.id = o.business_id
WHERE {MEANT.format(zone="s.time_zone").replace("{", "{{").replace("}", "}}")} ORDER BY o.id {{order}} LIMIT %(most)s
"""
LOOKED_TO: Final = """
SELECT o.id FROM events_outgoing o WHERE (%(businesses)s::bigint[] IS NULL OR o.business_id = %(only)s) {beyond}
ORDER BY o.id {order} OFFSET %(scanned)s - 1 LIMIT 1
"""
ANY_LEFT: Final = """
SELECT EXISTS (
    SELECT FROM unnest(%(businesses)s::bigint[]) AS b (id) CROSS JOIN LATERAL (
        SELECT FROM events_outgoing o WHERE o.business_id = b.id {beyond} OFFSET %(scanned)s LIMIT 1
    ) o
)
"""


def page(
    matching: MessageFilter, most: int, beyond: int | None = None, *, oldest_first: bool = True
) -> OutboxPage:
    """Up to `most` rows past the one with the id `beyond`, from there on in the order asked for."""
    if matching.found is not None and not matching.found:
        return OutboxPage([])
    businesses = matching.businesses
    scanned = SCANNED if businesses is None else max(most + 1, SCANNED // max(1, len(businesses)))
    params = {**matching.params(), "most": most + 1, "scanned": scanned, "beyond": beyond}
    past = "" if beyond is None else f"AND o.id {'>' if oldest_first else '<'} %(beyond)s"
    words = {"beyond": past, "order": "ASC" if oldest_first else "DESC"}
    with in_index_order() as cursor:
        cursor.execute((OF_ALL if businesses is None else OF_BUSINESSES).format(**words), params)
        entries = [OutboxEntry(*row) for row in cursor.fetchall()]
        if len(entries) > most or not _narrowed(matching):
            return OutboxPage(entries[:most], len(entries) > most)
        return _cut(cursor, entries, businesses, words, params)


def around(
    matching: MessageFilter, most: int, *, after: int | None = None, before: int | None = None
) -> tuple[OutboxPage, bool, bool]:
    """The page next to a row's id, oldest first, and whether there are rows before and after its."""
    if before is not None:
        found = page(matching, most, before, oldest_first=False)
        if found.more:
            found.entries.reverse()
            return found, True, True
    found = page(matching, most, None if before is not None else after)
    return found, after is not None and before is None, found.more


def _narrowed(matching: MessageFilter) -> bool:
    return (
        bool(matching.event or matching.first_day or matching.last_day or matching.found)
        or matching.brand_id is not None
    )


def _cut(
    cursor: Any,
    entries: list[OutboxEntry],
    businesses: Sequence[int] | None,
    words: dict[str, str],
    params: dict[str, Any],
) -> OutboxPage:
    """Whether there was more to look through, and up to where this look came."""
    if businesses is not None and len(businesses) != 1:
        cursor.execute(ANY_LEFT.format(**words), params)
        return OutboxPage(entries, cut=bool(cursor.fetchone()[0]))
    cursor.execute(
        LOOKED_TO.format(**words), {**params, "only": businesses[0] if businesses else None}
    )
    found = cursor.fetchone()
    return OutboxPage(entries, cut=found is not None, looked_to=found[0] if found else None)
