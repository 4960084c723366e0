"""Write the send log, the delivery attempts and the daily counts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from events.models import Outcome
from events.outbox.lock_timeout import limit_idle_time
from events.outbox.rows import Attempt, SettledMessage
from events.packed_messages import RowValues, pack
from events.send_log import daily_counts, partitions
from events.utf8_json import to_json

COPY_LOG: Final = """
COPY events_sendlog (
    business_id, customer_id, brand_id, user_id, event, subject_id, message_id, occurred_at,
    sent_at, settled_at, outcome, reason, attempts, packed_body, facts
) FROM STDIN
"""
COPY_ATTEMPTS: Final = """
COPY events_deliveryattempt (business_id, at, status, milliseconds, messages, bytes, error)
FROM STDIN
"""
NULL: Final = "\\N"


def write_log(cursor: Any, items: Sequence[SettledMessage], now: datetime) -> None:
    """Write the entries and the counts of these messages. `now` is when their outcome was known.

    Call this last, and once per transaction: it locks the businesses' counts, so that taking
    another lock afterwards, such as a lane's, could deadlock.
    """
    if items:
        brand_of = daily_counts.brand_ids(cursor, items)
        settled_at = now.isoformat()
        lines = (
            _log_line(item, brand_of.get(item.row.customer_id, 0), settled_at) for item in items
        )
        _copy(cursor, COPY_LOG, lines)
        daily_counts.add_counts(cursor, items, brand_of, now)


def write_attempts(cursor: Any, attempts: Sequence[Attempt]) -> None:
    """Write a row for each HTTP request."""
    if attempts:
        _copy(cursor, COPY_ATTEMPTS, map(_attempt_line, attempts))


def log_test_event(message: SettledMessage, attempt: Attempt, now: datetime) -> None:
    """Write the entry and the attempt of a test event, which never waits in the outbox."""
    with transaction.atomic(), connection.cursor() as cursor:
        limit_idle_time(cursor)
        partitions.ensure(now)
        write_attempts(cursor, [attempt])
        write_log(cursor, [message], now)


def _log_line(item: SettledMessage, brand_id: int, settled_at: str) -> str:
    row, sent_at = item.row, item.sent_at
    # an accepted message is never sent again, so its facts are not needed any more
    facts = NULL if item.outcome is Outcome.ACCEPTED else _escaped(to_json(row.facts))
    return (
        f"{row.business_id}\t{row.customer_id}\t{brand_id}\t{row.user_id}\t{row.event}"
        f"\t{row.subject_id}\t{row.message_id}\t{row.occurred_at.isoformat()}"
        f"\t{sent_at.isoformat() if sent_at else NULL}\t{settled_at}\t{item.outcome.value}"
        f"\t{_escaped(item.reason)}\t{row.attempts + (sent_at is not None)}"
        f"\t{_bytes(pack(item.body, RowValues(row.user_id, row.message_id, row.occurred_at)))}"
        f"\t{facts}\n"
    )


def _attempt_line(attempt: Attempt) -> str:
    status = NULL if attempt.status is None else attempt.status
    return (
        f"{attempt.business_id}\t{attempt.at.isoformat()}\t{status}\t{attempt.milliseconds}"
        f"\t{attempt.messages}\t{attempt.bytes}\t{_escaped(attempt.error)}\n"
    )


def _escaped(text: str) -> str:
    """Return the text as a value of COPY's text format."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _bytes(value: bytes) -> str:
    """Return the bytes as a value of COPY's text format."""
    return f"\\\\x{value.hex()}"


def _copy(cursor: Any, statement: str, lines: Iterable[str]) -> None:
    # One text: psycopg's own rows cost several times as much as the lines.
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write("".join(lines))
