"""How long the send log and the delivery attempts are kept: months go by dropping partitions."""

from datetime import date, datetime

from django.db import connection
from django.db.models import Max

from events.models import Integration
from events.send_log import daily_counts, partitions

DEFAULT_MONTHS = 13
# Rows of businesses that keep their log for less than the others are deleted in portions, each one short transaction.
PORTION = 5_000

DELETE_PORTION = """
DELETE FROM {table} WHERE (id, {column}) IN (
    SELECT t.id, t.{column} FROM {table} t WHERE t.business_id = %s AND t.{column} < %s LIMIT %s
)
"""
FORGET_RESENT = """
DELETE FROM events_resent WHERE log_id = ANY (ARRAY(
    SELECT r.log_id FROM events_resent r WHERE r.log_id < (SELECT min(l.id) FROM events_sendlog l) ORDER BY r.log_id LIMIT %s
))
"""


def months_before(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def drop_old(now: datetime) -> int:
    """Drop the partitions nobody keeps any more, then delete what businesses with a shorter limit do not keep. Answers how many
    partitions were dropped."""
    month = partitions.month_of(now)
    longest = (
        Integration.objects.aggregate(longest=Max("retention_months"))["longest"] or DEFAULT_MONTHS
    )
    dropped = partitions.drop_before(months_before(month, longest))
    daily_counts.forget(months_before(month, longest))
    for business_id, kept in Integration.objects.filter(retention_months__lt=longest).values_list(
        "business_id", "retention_months"
    ):
        _delete(business_id, months_before(month, kept))
        daily_counts.forget_of(business_id, months_before(month, kept))
    _forget_resent()
    return dropped


def _forget_resent() -> None:
    """Of entries that are gone, nobody asks whether they were sent again."""
    deleted = PORTION
    while deleted == PORTION:
        with connection.cursor() as cursor:
            cursor.execute(FORGET_RESENT, [PORTION])
            deleted = cursor.rowcount


def _delete(business_id: int, before: date) -> None:
    for table, column in partitions.PARTITIONED.items():
        deleted = PORTION
        while deleted == PORTION:
            with connection.cursor() as cursor:
                cursor.execute(
                    DELETE_PORTION.format(table=table, column=column),
                    [business_id, before, PORTION],
                )
                deleted = cursor.rowcount
