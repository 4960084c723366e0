"""What happened to a customer, read from the business's own records, whether sent or not."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from events import catalogue
from events.timeline.lines import LINES_PER_PAGE, Key, PastOccurrence


class _Source(NamedTuple):
    """Rows of a customer that several events are read from at once."""

    rows: str
    subject: str
    customer: str


def _moments() -> dict[_Source, list[str]]:
    """Return for each source a row of VALUES per event, and per look-alike of one."""
    moments: defaultdict[_Source, list[str]] = defaultdict(list)
    for event in catalogue.EVENTS:
        if event.history is None:
            continue
        history = event.history
        source = moments[_Source(history.rows, history.subject, history.customer)]
        source.append(f"('{event.name}', {history.at}, {history.about}, {history.is_visit})")
        source += [
            f"('{look_alike.name}', {look_alike.at}, {history.about}, FALSE)"
            for look_alike in event.look_alikes
        ]
    return moments


def _selects() -> Iterator[str]:
    for source, values in _moments().items():
        yield f"""
        SELECT e.event, {source.subject} AS subject_id, e.at, e.about, e.is_visit
        FROM {source.rows} CROSS JOIN LATERAL (VALUES {", ".join(values)})
            AS e (event, at, about, is_visit)
        WHERE {source.customer} = %(customer)s AND e.at IS NOT NULL
        """


OCCURRENCES: Final = " UNION ALL ".join(_selects())
# COLLATE "C": in the order of the bytes, as Python sorts, whatever the database's language.
OCCURRED_BEFORE: Final = """
(h.at, h.event COLLATE "C", h.subject_id)
    < (%(at)s::timestamptz, %(event)s::text COLLATE "C", %(subject)s::bigint)
"""
NEWEST_OCCURRENCES: Final = f"""
SELECT h.event, h.subject_id, h.at, h.about, h.is_visit FROM ({OCCURRENCES}) h
WHERE {OCCURRED_BEFORE}
ORDER BY h.at DESC, h.event COLLATE "C" DESC, h.subject_id DESC LIMIT %(most)s
"""
LATEST_OCCURRENCES: Final = f"SELECT h.event, max(h.at) FROM ({OCCURRENCES}) h GROUP BY h.event"


def keyset(before: Key | None) -> dict[str, Any]:
    """Return the parameters of OCCURRED_BEFORE; None for the newest page."""
    at, event, subject = before or ("infinity", "", 0)
    return {"at": at, "event": event, "subject": subject}


def newest_occurrences(customer_id: int, before: Key | None) -> list[PastOccurrence]:
    """Return a page of occurrences, newest first, and one more if there are more."""
    params = {"customer": customer_id, "most": LINES_PER_PAGE + 1, **keyset(before)}
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_OCCURRENCES, params)
        return [PastOccurrence(*row) for row in cursor.fetchall()]


def latest_occurrences(customer_id: int) -> dict[str, datetime]:
    """Return for each event when it happened last to the customer."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST_OCCURRENCES, {"customer": customer_id})
        return dict(cursor.fetchall())


def latest_subject(event: str, customer_id: int) -> int | None:
    """Return the id of the row that the event's last occurrence is about; None without one."""
    history = catalogue.BY_NAME[event].history
    if history is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {history.subject} FROM {history.rows} "
            f"WHERE {history.customer} = %(customer)s AND ({history.at}) IS NOT NULL "
            f"ORDER BY ({history.at}) DESC, {history.subject} DESC LIMIT 1",
            {"customer": customer_id},
        )
        row = cursor.fetchone()
        return row[0] if row else None
