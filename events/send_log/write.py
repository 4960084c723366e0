"""Write the send log, the delivery attempts and the daily counts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from events.models import Outcome
from events.outbox.lock_timeout import limit_idle_time
from events.outbox.rows import Attempt, SettledMessage
from events.send_log import daily_counts, partitions

COPY_LOG: Final = """
COPY events_sendlog (
    business_id, customer_id, brand_id, user_id, event, subject_id, message_id, occurred_at,
    sent_at, settled_at, outcome, reason, attempts, body, facts
) FROM STDIN
"""
COPY_ATTEMPTS: Final = """
COPY events_deliveryattempt (business_id, at, status, milliseconds, messages, bytes, error)
FROM STDIN
"""


def write_log(cursor: Any, items: Sequence[SettledMessage], now: datetime) -> None:
    """Write the entries and the counts of these messages. `now` is when their outcome was known.

    Call this last, and once per transaction: it locks the businesses' counts, so that taking
    another lock afterwards, such as a lane's, could deadlock.
    """
    if items:
        brand_of = daily_counts.brand_ids(cursor, items)
        rows = (_log_row(item, brand_of.get(item.row.customer_id, 0), now) for item in items)
        _copy(cursor, COPY_LOG, rows)
        daily_counts.add_counts(cursor, items, brand_of, now)


def write_attempts(cursor: Any, attempts: Sequence[Attempt]) -> None:
    """Write a row for each HTTP request."""
    rows = [
        (a.business_id, a.at, a.status, a.milliseconds, a.messages, a.bytes, a.error)
        for a in attempts
    ]
    if rows:
        _copy(cursor, COPY_ATTEMPTS, rows)


def log_test_event(message: SettledMessage, attempt: Attempt, now: datetime) -> None:
    """Write the entry and the attempt of a test event, which never waits in the outbox."""
    with transaction.atomic(), connection.cursor() as cursor:
        limit_idle_time(cursor)
        partitions.ensure(now)
        write_attempts(cursor, [attempt])
        write_log(cursor, [message], now)


def _log_row(item: SettledMessage, brand_id: int, now: datetime) -> tuple[Any, ...]:
    row = item.row
    # an accepted message is never sent again, so its facts are not needed any more
    facts = None if item.outcome == Outcome.ACCEPTED else Jsonb(row.facts)
    return (
        row.business_id,
        row.customer_id,
        brand_id,
        row.user_id,
        row.event,
        row.subject_id,
        row.message_id,
        row.occurred_at,
        item.sent_at,
        now,
        item.outcome.value,
        item.reason,
        row.attempts + (item.sent_at is not None),
        item.body,
        facts,
    )


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
