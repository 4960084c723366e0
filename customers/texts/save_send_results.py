"""Record what happened to sent texts, and what follows for the customer and the business."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

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

HALT_CHECKED_EVERY: Final = timedelta(minutes=15)
"""Then one text shows whether the number or the account works again. Twilio would refuse more."""


def save_send_results(results: Mapping[int, SendResult], now: datetime) -> None:
    """Record the results, which are by the id of their text.

    Running late does no harm: only the worker that claimed a text records its result.
    """
    rows = list(NightlyText.objects.filter(pk__in=results).order_by("pk"))
    for row in rows:
        _apply_result(row, results[row.pk], now)
    NightlyText.objects.bulk_update(
        rows, ["status", "reason", "attempts", "next_at", "sent_at", "sid", "error"]
    )
    sending_again = {row.business_id for row in rows if isinstance(results[row.pk], Sent)}
    TextSettings.objects.filter(business__in=sending_again).exclude(problem="").update(
        problem="", resume_at=None
    )
    for row in rows:
        _apply_consequences(row, results[row.pk], now)


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


def _apply_consequences(row: NightlyText, result: SendResult, now: datetime) -> None:
    match result:
        case Refused("unsubscribed", _):
            _correct_customer(row, lambda customer: customer.choose("receive_texts", False))
        case Refused("impossible", _):
            _correct_customer(row, _has_no_mobile)
        case Halted(reason, error):
            TextSettings.objects.filter(business=row.business_id).update(
                problem=reason, resume_at=now + HALT_CHECKED_EVERY
            )
            log.error("texts_halted", business=row.business_id, reason=reason, error=error)


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
