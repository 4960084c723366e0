"""What still waits after 30 days goes to the send log as expired; its owner has been told since the first hour."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from events.models import Outcome
from events.outbox.read import COLUMNS, as_outbox_row
from events.outbox.rows import SettledMessage
from events.outbox.settle import take_out
from events.send_log import partitions
from events.send_log.write import write_log

KEPT = timedelta(days=30)
# One short transaction each.
PORTION = 1_000

REASON = "It waited for 30 days and could not be sent."

# Businesses that are switched off keep what waits until the owner decides; lanes being delivered may be sending just these rows.
OVERDUE = f"""
SELECT {COLUMNS} FROM events_outgoing o
JOIN events_integration i ON i.business_id = o.business_id AND i.enabled
JOIN events_lane l ON l.business_id = o.business_id AND (l.lease_until IS NULL OR l.lease_until < %s)
WHERE o.recorded_at < %s ORDER BY o.id LIMIT %s FOR UPDATE OF o, l SKIP LOCKED
"""


def expire(now: datetime) -> int:
    """Move what is overdue to the send log. Answers how many messages."""
    expired = 0
    while moved := _expire_portion(now):
        expired += moved
    return expired


def _expire_portion(now: datetime) -> int:
    partitions.ensure(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(OVERDUE, [now, now - KEPT, PORTION])
        rows = [as_outbox_row(row) for row in cursor.fetchall()]
        taken = take_out(cursor, rows)
        write_log(
            cursor,
            [SettledMessage(row, Outcome.EXPIRED, REASON) for row in rows if taken.get(row.id)],
            now,
        )
        return len(taken)
