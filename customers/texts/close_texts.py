"""Close the texts that are too late, and those that a dead worker left."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from customers.budget import NO_TIME_LIMIT, Budget
from customers.by_index import by_index
from customers.texts.claim_texts import CLAIM_LIFETIME

CLOSED_AT_ONCE: Final = 2_000
"""Texts that one statement closes, in a tenth of a second."""
SENT_UNTIL_THE_END: Final = timedelta(minutes=1)
"""A number that sent a text so late would have sent more, if the evening had not ended."""

EXPIRE: Final = """
UPDATE customers_nightlytext text SET status = 'expired', reason = CASE
    WHEN text.reason = '' AND EXISTS (
        SELECT FROM customers_textqueue queue
        WHERE queue.business_id = text.business_id AND queue.next_at > text.until - %(late)s
    ) THEN 'limit' ELSE text.reason
END
WHERE text.id = ANY (ARRAY(
    SELECT overdue.id FROM customers_nightlytext overdue
    WHERE overdue.status = 'waiting' AND overdue.until <= %(now)s
    ORDER BY overdue.until LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
))
"""
GIVE_UP: Final = """
UPDATE customers_nightlytext text SET status = 'unknown', reason = 'no_answer'
WHERE text.id = ANY (ARRAY(
    SELECT sent.id FROM customers_nightlytext sent
    WHERE sent.status = 'sending' AND sent.claimed_at <= %(now)s - %(lifetime)s
    ORDER BY sent.claimed_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
))
"""


def close_overdue_texts(now: datetime, budget: Budget = NO_TIME_LIMIT) -> tuple[int, int]:
    """Close the texts that are too late.

    Returns how many expired, and how many a dead worker left unconfirmed.
    """
    expired = _close(EXPIRE, {"now": now, "late": SENT_UNTIL_THE_END}, budget)
    return expired, _close(GIVE_UP, {"now": now, "lifetime": CLAIM_LIFETIME}, budget)


def _close(statement: str, values: dict[str, Any], budget: Budget) -> int:
    total = 0
    while True:
        with by_index(), connection.cursor() as cursor:
            cursor.execute(statement, {**values, "limit": CLOSED_AT_ONCE})
            count: int = cursor.rowcount
        total += count
        if count < CLOSED_AT_ONCE or budget.is_spent():
            return total
