"""How long the send log and the delivery attempts are kept, in whole months."""

from datetime import date, datetime
from typing import Final

from django.db import connection
from django.db.models import Max

from customers.budget import NO_TIME_LIMIT, Budget
from events.models import Integration
from events.send_log import daily_counts, partitions

DEFAULT_RETENTION_MONTHS: Final = 13
"""A year and the current month, as for a new integration."""

LOG_CHUNK_SIZE: Final = 5_000
"""Rows that one short transaction deletes, for businesses that keep less than others."""

DELETE_LOG_CHUNK: Final = """
DELETE FROM {table} WHERE (id, {column}) IN (
    SELECT t.id, t.{column} FROM {table} t WHERE t.business_id = %s AND t.{column} < %s LIMIT %s
)
"""
DELETE_RESENT_CHUNK: Final = """
DELETE FROM events_resent WHERE log_id = ANY (ARRAY(
    SELECT r.log_id FROM events_resent r
    WHERE r.log_id < (SELECT min(l.id) FROM events_sendlog l) ORDER BY r.log_id LIMIT %s
))
"""


def months_before(month: date, count: int) -> date:
    """Return the first day of the month that is `count` months before."""
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def drop_old(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Drop the months that no business keeps, then delete what single businesses do not keep.

    Returns the number of partitions dropped.
    """
    month = partitions.month_of(now)
    most_months = Integration.objects.aggregate(most=Max("retention_months"))["most"]
    longest = most_months or DEFAULT_RETENTION_MONTHS
    dropped = partitions.drop_before(months_before(month, longest))
    daily_counts.delete_before(months_before(month, longest))
    shorter = Integration.objects.filter(retention_months__lt=longest)
    for business_id, months in budget.over(shorter.values_list("business_id", "retention_months")):
        _delete_log(business_id, months_before(month, months), budget)
        daily_counts.delete_of_business(business_id, months_before(month, months))
    if not budget.is_spent():
        _delete_resent(budget)
    return dropped


def _delete_log(business_id: int, before: date, budget: Budget) -> None:
    for table, column in partitions.PARTITIONED.items():
        statement = DELETE_LOG_CHUNK.format(table=table, column=column)
        deleted = LOG_CHUNK_SIZE
        while deleted == LOG_CHUNK_SIZE:
            with connection.cursor() as cursor:
                cursor.execute(statement, [business_id, before, LOG_CHUNK_SIZE])
                deleted = cursor.rowcount
            if deleted == LOG_CHUNK_SIZE and budget.is_spent():
                return


def _delete_resent(budget: Budget) -> None:
    """Delete the marks of entries that are gone: these cannot be sent again anyway."""
    deleted = LOG_CHUNK_SIZE
    while deleted == LOG_CHUNK_SIZE:
        with connection.cursor() as cursor:
            cursor.execute(DELETE_RESENT_CHUNK, [LOG_CHUNK_SIZE])
            deleted = cursor.rowcount
        if deleted == LOG_CHUNK_SIZE and budget.is_spent():
            return
