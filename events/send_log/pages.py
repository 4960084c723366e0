"""Pages of the send log, by keyset. No statement here reads more of the log than it shows, however much of it there is.

A class is one event with one outcome of one brand of one business. Which classes there are is in the daily counts; a page is merged from
the newest rows of each class that is meant, which the index `sendlog_class` has in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from django.db import connection

from events.identify import IDENTIFY
from events.index_order import in_index_order
from events.send_log.filter import MessageFilter

SCANNED: Final = 20_000
"""Rows looked through when the classes are too many to merge (support, looking at all businesses at once)."""
COUNTED: Final = 1_000
"""What a search found is counted up to here: there are no daily counts of a customer's messages."""

COLUMNS: Final = """
l.id, l.business_id, l.customer_id, l.brand_id, l.user_id, l.event, l.subject_id, l.message_id, l.occurred_at, l.sent_at, l.settled_at,
    l.outcome, l.reason, l.attempts
"""


class LogEntry(NamedTuple):
    """A row of the send log, without what was sent."""

    id: int
    business_id: int
    customer_id: int
    brand_id: int
    user_id: UUID
    event: str
    subject_id: int
    message_id: str
    occurred_at: datetime
    sent_at: datetime | None
    settled_at: datetime
    outcome: str
    reason: str
    attempts: int

    @property
    def place(self) -> "LogPosition":
        return LogPosition(self.settled_at, self.id)


class LogPosition(NamedTuple):
    """Where a page ends or begins."""

    settled_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.settled_at.isoformat()}_{self.id}"

    @classmethod
    def of(cls, text: str) -> Self | None:
        """None for what is no place."""
        moment, _, row_id = text.partition("_")
        try:
            place = cls(datetime.fromisoformat(moment), int(row_id))
        except ValueError:
            return None
        return place if place.settled_at.tzinfo and 0 <= place.id < 2**63 else None


@dataclass(frozen=True, slots=True)
class LogPage:
    """`more` says that there are further rows in the direction asked for; `cut` that only SCANNED rows were looked through."""

    entries: list[LogEntry]
    more: bool = False
    cut: bool = False


# What can be sent again, by its kind: of changed details, only those that were meant to reach Segment.
SENDABLE: Final = f"""
(%(sendable)s::text[] IS NULL
    OR {{row}}.outcome <> 'accepted' AND {{row}}.event = ANY (%(sendable)s)
        AND ({{row}}.event <> '{IDENTIFY}' OR {{row}}.outcome <> 'skipped'))
"""
# One step per class (a loose index scan), whatever the number of days.
CLASSES: Final = f"""
RECURSIVE class AS (
    SELECT b.id AS business_id, d.event, d.outcome, d.brand_id FROM unnest(%(businesses)s::bigint[]) AS b (id)
    CROSS JOIN LATERAL (
        SELECT d.event, d.outcome, d.brand_id FROM events_dailycount d WHERE d.business_id = b.id
        ORDER BY d.event, d.outcome, d.brand_id LIMIT 1
    ) d
    UNION ALL
    SELECT c.business_id, d.event, d.outcome, d.brand_id FROM class c
    CROSS JOIN LATERAL (
        SELECT d.event, d.outcome, d.brand_id FROM events_dailycount d
        WHERE d.business_id = c.business_id AND (d.event, d.outcome, d.brand_id) > (c.event, c.outcome, c.brand_id)
        ORDER BY d.event, d.outcome, d.brand_id LIMIT 1
    ) d
), meant AS MATERIALIZED (
    SELECT c.*, z.since, z.until FROM class c LEFT JOIN customers_business b ON b.id = c.business_id CROSS JOIN LATERAL (
        SELECT GREATEST(%(first_day)s::date::timestamp AT TIME ZONE COALESCE(b.time_zone, 'UTC'), %(not_before)s, '-infinity') AS since,
            LEAST((%(last_day)s::date + 1)::timestamp AT TIME ZONE COALESCE(b.time_zone, 'UTC') - interval '1us', %(not_after)s, 'infinity')
                AS until
    ) z
    WHERE (%(event)s::text IS NULL OR c.event = %(event)s) AND (%(outcome)s::text IS NULL OR c.outcome = %(outcome)s)
        AND (%(brand)s::bigint IS NULL OR c.brand_id = %(brand)s) AND {SENDABLE.format(row="c")}
)
"""
# `since` and `until` are the only bounds of their kind, and the page's place counts in them: given two, an index scan begins at the wider.
# The keys of the page first, from the index alone; then the rows of these keys.
BY_CLASS: Final = f"""
WITH {CLASSES}, place AS (
    SELECT s.settled_at, s.id FROM meant m CROSS JOIN LATERAL (
        SELECT s.settled_at, s.id FROM events_sendlog s
        WHERE s.business_id = m.business_id AND s.event = m.event AND s.outcome = m.outcome AND s.brand_id = m.brand_id
            AND s.settled_at >= m.since AND s.settled_at <= m.until {{beyond}}
        ORDER BY s.settled_at {{order}}, s.id {{order}} LIMIT %(most)s
    ) s
    ORDER BY s.settled_at {{order}}, s.id {{order}} LIMIT %(most)s
)
SELECT l.* FROM place p CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM events_sendlog l WHERE l.id = p.id AND l.settled_at = p.settled_at LIMIT 1
) l
ORDER BY l.settled_at {{order}}, l.id {{order}}
"""
MEANT: Final = f"""
(%(event)s::text IS NULL OR l.event = %(event)s) AND (%(outcome)s::text IS NULL OR l.outcome = %(outcome)s)
    AND (%(brand)s::bigint IS NULL OR l.brand_id = %(brand)s)
    AND (%(first_day)s::date IS NULL OR l.settled_at >= %(first_day)s::date::timestamp AT TIME ZONE COALESCE(b.time_zone, 'UTC'))
    AND (%(last_day)s::date IS NULL OR l.settled_at < (%(last_day)s::date + 1)::timestamp AT TIME ZONE COALESCE(b.time_zone, 'UTC'))
    AND {SENDABLE.format(row="l")}
"""
COUNT: Final = f"""
SELECT COALESCE(sum(d.messages), 0) FROM events_dailycount d
WHERE d.business_id = ANY (%(businesses)s) AND (%(event)s::text IS NULL OR d.event = %(event)s)
    AND (%(outcome)s::text IS NULL OR d.outcome = %(outcome)s) AND (%(brand)s::bigint IS NULL OR d.brand_id = %(brand)s)
    AND (%(first_day)s::date IS NULL OR d.day >= %(first_day)s) AND (%(last_day)s::date IS NULL OR d.day <= %(last_day)s)
    AND {SENDABLE.format(row="d")}
"""
# What a search found: each customer's rows by the index `sendlog_customer`, in the order of the ids.
BY_CUSTOMER: Final = f"""
SELECT l.* FROM (
    SELECT c.id, c.business_id, b.time_zone FROM customers_customer c JOIN customers_business b ON b.id = c.business_id
    WHERE c.id = ANY (%(customers)s) AND (%(businesses)s::bigint[] IS NULL OR c.business_id = ANY (%(businesses)s))
) b CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM events_sendlog l
    WHERE l.business_id = b.business_id AND l.customer_id = b.id AND {MEANT} {{beyond}}
        AND (%(subject_events)s::text[] = '{{{{}}}}'
            OR (l.event, l.subject_id) IN (SELECT * FROM unnest(%(subject_events)s::text[], %(subject_ids)s::bigint[])))
    ORDER BY l.id {{order}} LIMIT %(most)s
) l
ORDER BY l.id {{order}} LIMIT %(most)s
"""
BY_MESSAGE: Final = f"""
SELECT {COLUMNS} FROM events_sendlog l LEFT JOIN customers_business b ON b.id = l.business_id
WHERE l.message_id = %(message_id)s AND (%(businesses)s::bigint[] IS NULL OR l.business_id = ANY (%(businesses)s)) AND {MEANT} {{beyond}}
ORDER BY l.id {{order}} LIMIT %(most)s
"""
BY_ID: Final = f"""
SELECT {COLUMNS} FROM (SELECT * FROM events_sendlog l WHERE TRUE {{beyond}} ORDER BY l.id {{order}} LIMIT %(scanned)s) l
LEFT JOIN customers_business b ON b.id = l.business_id
WHERE {MEANT} ORDER BY l.id {{order}} LIMIT %(most)s
"""

BY_IDS: Final = f"""
SELECT {COLUMNS} FROM events_sendlog l
WHERE l.id = ANY (%(ids)s) AND (%(businesses)s::bigint[] IS NULL OR l.business_id = ANY (%(businesses)s)) ORDER BY l.id
"""


def page(
    matching: MessageFilter,
    most: int,
    beyond: LogPosition | None = None,
    *,
    newest_first: bool = True,
    up_to: int | None = None,
) -> LogPage:
    """Up to `most` rows past the place `beyond`, from there on in the order asked for; none whose id is above `up_to`."""
    statement = _statement(matching)
    params = {
        **matching.params(),
        "most": most + 1,
        "scanned": SCANNED,
        "up_to": up_to,
        "not_before": None,
        "not_after": None,
    }
    conditions = []
    if beyond is not None:
        conditions.append(_past(statement is BY_CLASS, "<" if newest_first else ">"))
        params |= {
            "at": beyond.settled_at,
            "id": beyond.id,
            "not_after" if newest_first else "not_before": beyond.settled_at,
        }
    if up_to is not None:
        conditions.append(f"{'s' if statement is BY_CLASS else 'l'}.id <= %(up_to)s")
    past = "".join(f" AND {condition}" for condition in conditions)
    # of one message there are a few rows, which the index of message ids has in no order
    with connection.cursor() if statement is BY_MESSAGE else in_index_order() as cursor:
        cursor.execute(
            statement.format(beyond=past, order="DESC" if newest_first else "ASC"), params
        )
        entries = [LogEntry(*row) for row in cursor.fetchall()]
        return LogPage(
            entries[:most],
            len(entries) > most,
            statement is BY_ID and len(entries) <= most and _reaches_further(cursor),
        )


def around(
    matching: MessageFilter,
    most: int,
    *,
    after: LogPosition | None = None,
    before: LogPosition | None = None,
) -> tuple[LogPage, bool, bool]:
    """The page next to a place, newest first, and whether there are newer and older rows than its."""
    if after:
        found = page(matching, most, after, newest_first=False)
        if found.more:
            found.entries.reverse()
            return found, True, True
    # the newest page starts with the newest, however little is newer than what was shown last
    found = page(matching, most, None if after else before)
    return found, bool(before and not after), found.more


def _statement(matching: MessageFilter) -> str:
    if matching.found is not None:
        return BY_MESSAGE if matching.found.message_id else BY_CUSTOMER
    return BY_ID if matching.businesses is None else BY_CLASS


def _past(by_class: bool, sign: str) -> str:
    return f"(s.settled_at, s.id) {sign} (%(at)s, %(id)s)" if by_class else f"l.id {sign} %(id)s"


def _reaches_further(cursor: Any) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM events_sendlog ORDER BY id OFFSET %s)", [SCANNED])
    return bool(cursor.fetchone()[0])


def count(matching: MessageFilter) -> int:
    """How many there are, from the daily counts; of what a search found, up to COUNTED."""
    if matching.found is not None:
        found = page(matching, COUNTED)
        return len(found.entries) + found.more
    with connection.cursor() as cursor:
        cursor.execute(COUNT, matching.params())
        return int(cursor.fetchone()[0])


def newest_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM events_sendlog_id_seq")
        return int(cursor.fetchone()[0])


def entries_of(ids: Sequence[int], businesses: Sequence[int] | None) -> list[LogEntry]:
    """Those of these entries that are of these businesses; None for all."""
    with connection.cursor() as cursor:
        cursor.execute(
            BY_IDS,
            {"ids": list(ids), "businesses": None if businesses is None else list(businesses)},
        )
        return [LogEntry(*row) for row in cursor.fetchall()]
