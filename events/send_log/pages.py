"""Pages of the send log, by keyset.

No statement reads more of the log than the page shows, however long the log is.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from customers.by_index import by_index
from events.send_log import page_queries as queries
from events.send_log.entries import LogEntry, LogPage, LogPosition
from events.send_log.filter import MessageFilter

LOG_ROWS_SCANNED: Final = 20_000
"""Rows scanned at most for a page of all businesses (for support): their classes are too many to
merge. More rows would make the page slow."""
MATCHES_COUNTED: Final = 1_000
"""Matches of a search are counted up to here: there are no daily counts of one customer."""


def page(
    matching: MessageFilter,
    most: int,
    beyond: LogPosition | None = None,
    *,
    newest_first: bool = True,
    up_to: int | None = None,
) -> LogPage:
    """Return up to `most` entries past the position `beyond`, none with an id above `up_to`."""
    statement = _statement(matching)
    by_class = statement is queries.PAGE_BY_CLASS
    params = {
        **matching.params(),
        "most": most + 1,
        "scanned": LOG_ROWS_SCANNED,
        "up_to": up_to,
        "not_before": None,
        "not_after": None,
    }
    conditions = []
    if beyond is not None:
        conditions.append(_past(by_class, "<" if newest_first else ">"))
        params |= {
            "at": beyond.settled_at,
            "id": beyond.id,
            "not_after" if newest_first else "not_before": beyond.settled_at,
        }
    if up_to is not None:
        conditions.append(f"{'s' if by_class else 'l'}.id <= %(up_to)s")
    past = "".join(f" AND {condition}" for condition in conditions)
    sql = statement.format(beyond=past, order="DESC" if newest_first else "ASC")
    is_scan = statement is queries.PAGE_BY_ID
    with by_index(bitmaps=statement is queries.PAGE_BY_MESSAGE_ID) as cursor:
        cursor.execute(sql, params)
        entries = [LogEntry(*row) for row in cursor.fetchall()]
        more = len(entries) > most
        return LogPage(entries[:most], more, is_scan and not more and _is_cut(cursor, params))


def adjacent_page(
    matching: MessageFilter,
    most: int,
    *,
    after: LogPosition | None = None,
    before: LogPosition | None = None,
) -> tuple[LogPage, bool, bool]:
    """Return the page after or before a position, newest first.

    Also returns whether there are entries newer, and older, than those of the page.
    """
    if after:
        newer = page(matching, most, after, newest_first=False)
        if newer.more:
            newer.entries.reverse()
            return newer, True, True
    # fewer entries are newer than a page holds: show the first page
    older = page(matching, most, None if after else before)
    return older, bool(before and not after), older.more


def _statement(matching: MessageFilter) -> str:
    if matching.search_result is not None:
        by_message_id = matching.search_result.message_id
        return queries.PAGE_BY_MESSAGE_ID if by_message_id else queries.PAGE_BY_CUSTOMER
    return queries.PAGE_BY_ID if matching.businesses is None else queries.PAGE_BY_CLASS


def _past(by_class: bool, sign: str) -> str:
    return f"(s.settled_at, s.id) {sign} (%(at)s, %(id)s)" if by_class else f"l.id {sign} %(id)s"


def _is_cut(cursor: Any, params: dict[str, Any]) -> bool:
    cursor.execute(queries.ANY_ENTRY_NOT_SCANNED, params)
    return bool(cursor.fetchone()[0])


def count(matching: MessageFilter) -> int:
    """Return the number of matches, from the daily counts; of a search at most MATCHES_COUNTED."""
    if matching.search_result is not None:
        matches = page(matching, MATCHES_COUNTED)
        return len(matches.entries) + matches.more
    with connection.cursor() as cursor:
        cursor.execute(queries.COUNT_MATCHES, matching.params())
        return int(cursor.fetchone()[0])


def newest_id() -> int:
    """Return the id that was given last; entries of open transactions may have lower ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM events_sendlog_id_seq")
        return int(cursor.fetchone()[0])


def entries_by_id(ids: Sequence[int], businesses: Sequence[int] | None) -> list[LogEntry]:
    """Return these entries, as far as they belong to these businesses; None is all of them."""
    of_businesses = None if businesses is None else list(businesses)
    with connection.cursor() as cursor:
        cursor.execute(queries.ENTRIES_BY_ID, {"ids": list(ids), "businesses": of_businesses})
        return [LogEntry(*row) for row in cursor.fetchall()]
