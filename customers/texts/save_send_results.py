"""Writes down what became of texts, and what follows for the customer and the business."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from customers.models import Customer, NightlyText, TextSettings
from customers.models.tenant import lockable
from customers.texts.send_results import Halted, Postponed, Refused, SendResult, Sent, Unconfirmed
from customers.texts.timing import text_backoff

log = structlog.get_logger(__name__)
Status, Reason = NightlyText.Status, NightlyText.Reason

HALT_CHECKED_EVERY: Final = timedelta(minutes=15)
"""Then one text finds out whether somebody has put it right; until then, asking again would only be refused again."""


def save_send_results(outcomes: Mapping[int, SendResult], now: datetime) -> None:
    """By the id of the text. It holds no matter how late: only the worker that claimed a text ever settles it."""
    rows = list(NightlyText.objects.filter(pk__in=outcomes).order_by("pk"))
    for row in rows:
        _apply_result(row, outcomes[row.pk], now)
    NightlyText.objects.bulk_update(
        rows, ["status", "reason", "attempts", "next_at", "sent_at", "sid", "error"]
    )
    sent = {row.business_id for row in rows if isinstance(outcomes[row.pk], Sent)}
    TextSettings.objects.filter(business__in=sent).exclude(problem="").update(
        problem="", resume_at=None
    )
    for row in rows:
        _apply_consequences(row, outcomes[row.pk], now)


def _apply_result(row: NightlyText, outcome: SendResult, now: datetime) -> None:
    match outcome:
        case Sent(sid):
            row.status, row.reason, row.sent_at, row.sid = Status.SENT, Reason.NONE, now, sid
        case Postponed(wait):
            row.status, row.reason, row.next_at = (
                Status.WAITING,
                Reason.BUSY,
                now + text_backoff(row.attempts, wait),
            )
        case Refused(why, error):
            row.status, row.reason, row.error = Status.REFUSED, Reason(why), error
        case Halted(why, error):
            # not this text's fault, so not a failed attempt of it
            row.status, row.reason, row.error, row.attempts = (
                Status.WAITING,
                Reason(why),
                error,
                row.attempts - 1,
            )
        case Unconfirmed():
            row.status, row.reason = Status.UNKNOWN, Reason.NO_ANSWER


def _apply_consequences(row: NightlyText, outcome: SendResult, now: datetime) -> None:
    match outcome:
        case Refused("unsubscribed", _):
            _correct_customer(row, receive_texts=False)
        case Refused("impossible", _):
            _correct_customer(row, phone_is_mobile=False)
        case Halted(why, error):
            TextSettings.objects.filter(business=row.business_id).update(
                problem=why, resume_at=now + HALT_CHECKED_EVERY
            )
            log.error("texts_stopped", business=row.business_id, why=why, error=error)


@transaction.atomic
def _correct_customer(row: NightlyText, **values: bool) -> None:
    """What Twilio knows of the number is true of the customer, if that is still their number."""
    customer = lockable(Customer).filter(pk=row.customer_id, phone=row.phone).first()
    if customer is None:
        return
    for name, value in values.items():
        setattr(customer, name, value)
    customer.save(update_fields=[*values])
