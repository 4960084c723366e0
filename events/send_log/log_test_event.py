"""The trace of a test event: it never waits, so it goes to the send log without having been in the outbox."""

from datetime import datetime

from django.db import connection, transaction

from events.outbox.settle import Attempt, SettledMessage, Settlement, settle, write_log


def log_test_event(sent: SettledMessage, attempt: Attempt, now: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        settle(Settlement(attempts=[attempt]), now)
        write_log(cursor, [sent], now)
