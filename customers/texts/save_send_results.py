"""Record what happened to sent texts, and what follows for the customer and the business."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import connection, transaction

from customers.by_index import by_index
from customers.models import Customer, NightlyText, TextSettings
from customers.models.tenant import lockable
from customers.phones import same_phone
from customers.texts.send_results import (
    Halted,
    Postponed,
    Refused,
    SendResult,
    Sent,
    Unconfirmed,
)
from customers.texts.timing import text_backoff

log = structlog.get_logger(__name__)
Status, Reason = NightlyText.Status, NightlyText.Reason

STILL_OPEN: Final = (Status.SENDING, Status.UNKNOWN)
"""Unconfirmed, too: a worker that was frozen may bring the result after all."""

HALT_CHECKED_EVERY: Final = timedelta(minutes=15)
"""Then one text shows whether the number or the account works again. Twilio would refuse more."""


SAVE_RESULTS: Final = """
UPDATE customers_nightlytext text
SET status = result.status, reason = result.reason, attempts = result.attempts,
    next_at = result.next_at, sent_at = result.sent_at, sid = result.sid, error = result.error
FROM unnest(
    %(ids)s::bigint[], %(statuses)s::text[], %(reasons)s::text[], %(attempts)s::int[],
    %(next_at)s::timestamptz[], %(sent_at)s::timestamptz[], %(sids)s::text[], %(errors)s::int[]
) AS result (id, status, reason, attempts, next_at, sent_at, sid, error)
WHERE text.id = result.id AND text.id = ANY (%(ids)s)
"""


def save_send_results(results: Mapping[int, SendResult], now: datetime) -> None:
    """Record the results, which are by the id of their text.

    Running late or twice does no harm: only the worker that claimed a text records its result.
    """
    with by_index():
        rows = list(
            lockable(NightlyText).filter(pk__in=results, status__in=STILL_OPEN).order_by("pk")
        )
        for row in rows:
            _apply_result(row, results[row.pk], now)
        _save_rows(rows)
    sending_again = {row.business_id for row in rows if isinstance(results[row.pk], Sent)}
    TextSettings.objects.filter(business__in=sending_again).exclude(problem="").update(
        problem="", resume_at=None
    )
    for row in rows:
        _correct_customer_of(row, results[row.pk])
    for business, halted in _halted_businesses(rows, results).items():
        _halt(business, halted, now)


def _save_rows(rows: Sequence[NightlyText]) -> None:
    if not rows:
        return
    values: dict[str, Any] = {
        "ids": [row.pk for row in rows],
        "statuses": [str(row.status) for row in rows],
        "reasons": [str(row.reason) for row in rows],
        "attempts": [row.attempts for row in rows],
        "next_at": [row.next_at for row in rows],
        "sent_at": [row.sent_at for row in rows],
        "sids": [row.sid for row in rows],
        "errors": [row.error for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(SAVE_RESULTS, values)


def _apply_result(row: NightlyText, result: SendResult, now: datetime) -> None:
    match result:
        case Sent(sid):
            row.status, row.reason = Status.SENT, Reason.NONE
            row.sent_at, row.sid = now, sid
        case Postponed(retry_after):
            row.status, row.reason = Status.WAITING, Reason.BUSY
            row.next_at = now + text_backoff(row.attempts, retry_after)
        case Refused(reason, error):
            row.status, row.reason, row.error = Status.REFUSED, Reason(reason), error
        case Halted(reason, error):
            row.status, row.reason, row.error = Status.WAITING, Reason(reason), error
            # the fault is not in this text
            row.attempts -= 1
        case Unconfirmed():
            row.status, row.reason = Status.UNKNOWN, Reason.NO_ANSWER


def _correct_customer_of(row: NightlyText, result: SendResult) -> None:
    match result:
        case Refused("unsubscribed", _):
            _correct_customer(row, lambda customer: customer.choose("receive_texts", False))
        case Refused("impossible", _):
            _correct_customer(row, _has_no_mobile)


def _halted_businesses(
    rows: Sequence[NightlyText], results: Mapping[int, SendResult]
) -> dict[int, Halted]:
    """Return the businesses that can send nothing now. Many of their texts may say the same."""
    by_business = ((row.business_id, results[row.pk]) for row in rows)
    return {business: result for business, result in by_business if isinstance(result, Halted)}


def _halt(business: int, halted: Halted, now: datetime) -> None:
    TextSettings.objects.filter(business=business).update(
        problem=halted.reason, resume_at=now + HALT_CHECKED_EVERY
    )
    log.error("texts_halted", business=business, reason=halted.reason, error=halted.error)


@transaction.atomic
def _correct_customer(row: NightlyText, correct: Callable[[Customer], list[str]]) -> None:
    """Correct what Twilio says about the number, unless the customer has another one by now.

    `correct` returns the names of the fields to save.
    """
    customer = (
        lockable(Customer).filter(pk=row.customer_id, phone__in=same_phone(row.phone)).first()
    )
    if customer is None:
        return
    customer.save(update_fields=correct(customer))


def _has_no_mobile(customer: Customer) -> list[str]:
    customer.phone_is_mobile = False
    return ["phone_is_mobile"]
