"""Expire messages that waited for 30 days: move them to the send log. So too those of businesses
that were deleted meanwhile.

The owners got an email about them after the first hour.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from customers.budget import NO_TIME_LIMIT, Budget
from events.models import Outcome
from events.outbox.read import OUTBOX_COLUMNS, as_outbox_row
from events.outbox.take_out import take_out
from events.outbox.unanswered import EndedLease, recover, settled_without_answer
from events.send_log import partitions
from events.send_log.write import write_log

EXPIRES_AFTER: Final = timedelta(days=30)
"""Emails and the documentation promise this time to owners."""
EXPIRE_CHUNK_SIZE: Final = 1_000
"""Messages per transaction. It locks their lanes, and no worker can claim a locked lane."""

EXPIRED_REASON: Final = "It waited for 30 days and could not be sent."
DELETED_REASON: Final = "The business was deleted before it was sent."
HELD_EXPIRED_REASON: Final = (
    "It waited for 30 days, because Segment refused the customer's details."
)

# A business that is switched off keeps its messages until the owner decides. A lane with a lease
# may be sending just these messages. When the lease has ended, its worker may have posted them.
FIND_ENDED_LEASES: Final = """
SELECT l.business_id, l.claimed_at, l.lease_until FROM events_lane l
JOIN events_integration i ON i.business_id = l.business_id AND i.enabled
WHERE l.lease_until < %s AND EXISTS (
    SELECT FROM events_outgoing o
    WHERE o.business_id = l.business_id AND o.recorded_at < %s AND o.unanswered_at IS NULL
)
"""
FIND_EXPIRED: Final = f"""
SELECT {OUTBOX_COLUMNS} FROM events_outgoing o
JOIN events_integration i ON i.business_id = o.business_id AND i.enabled
JOIN events_lane l
    ON l.business_id = o.business_id AND (l.lease_until IS NULL OR l.lease_until < %s)
WHERE o.recorded_at < %s ORDER BY o.id LIMIT %s FOR UPDATE OF o, l SKIP LOCKED
"""
# No delivery sends what is held.
TAKE_OUT_EXPIRED_HELD: Final = f"""
DELETE FROM events_heldtrack o USING (
    SELECT h.id FROM events_heldtrack h
    JOIN events_integration i ON i.business_id = h.business_id AND i.enabled
    WHERE h.recorded_at < %s ORDER BY h.id LIMIT %s FOR UPDATE OF h SKIP LOCKED
) expired WHERE o.id = expired.id RETURNING {OUTBOX_COLUMNS}
"""
# No lane is left, so nothing else takes these out.
FIND_DELETED: Final = f"""
SELECT {OUTBOX_COLUMNS} FROM events_outgoing o
WHERE NOT EXISTS (SELECT FROM customers_business b WHERE b.id = o.business_id)
ORDER BY o.id LIMIT %s FOR UPDATE OF o SKIP LOCKED
"""


def expire(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Move expired messages, and those of deleted businesses, to the send log.

    Returns the number of messages.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND_ENDED_LEASES, [now, now - EXPIRES_AFTER])
        recover([EndedLease(*lease) for lease in cursor.fetchall()])
    expired = 0
    for expire_chunk in (_expire_chunk, _expire_held_chunk, _log_deleted_chunk):
        while count := expire_chunk(now):
            expired += count
            if budget.is_spent():
                return expired
    return expired


def _expire_chunk(now: datetime) -> int:
    params = [now, now - EXPIRES_AFTER, EXPIRE_CHUNK_SIZE]
    return _log_found(FIND_EXPIRED, params, Outcome.EXPIRED, EXPIRED_REASON, now)


def _log_deleted_chunk(now: datetime) -> int:
    return _log_found(FIND_DELETED, [EXPIRE_CHUNK_SIZE], Outcome.SKIPPED, DELETED_REASON, now)


def _log_found(
    statement: str, params: list[Any], outcome: Outcome, reason: str, now: datetime
) -> int:
    partitions.ensure(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows = [as_outbox_row(row) for row in cursor.fetchall()]
        taken = take_out(cursor, rows)
        expired = [
            settled_without_answer(row, outcome, reason) for row in rows if taken.get(row.id)
        ]
        write_log(cursor, expired, now)
        return len(taken)


def _expire_held_chunk(now: datetime) -> int:
    partitions.ensure(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_OUT_EXPIRED_HELD, [now - EXPIRES_AFTER, EXPIRE_CHUNK_SIZE])
        rows = [as_outbox_row(row) for row in cursor.fetchall()]
        expired = [
            settled_without_answer(row, Outcome.EXPIRED, HELD_EXPIRED_REASON) for row in rows
        ]
        write_log(cursor, expired, now)
        return len(rows)
