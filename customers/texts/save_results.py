"""Writes down what became of texts, and what follows for the customer and the business."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from customers.models import Customer, NightlyText, TextSettings
from customers.models.tenant import lockable
from customers.texts.clock import pause
from customers.texts.send_results import Later, Refused, SendResult, Sent, Stopped, Unknown

log = structlog.get_logger(__name__)
Status, Reason = NightlyText.Status, NightlyText.Reason

STOPPED_FOR: Final = timedelta(minutes=15)
"""Then one text finds out whether somebody has put it right; until then, asking again would only be refused again."""


def settle(outcomes: Mapping[int, SendResult], now: datetime) -> None:
    """By the id of the text. It holds no matter how late: only the worker that claimed a text ever settles it."""
    rows = list(NightlyText.objects.filter(pk__in=outcomes).order_by("pk"))
    for row in rows:
        _note(row, outcomes[row.pk], now)
    NightlyText.objects.bulk_update(
        rows, ["status", "reason", "attempts", "next_at", "sent_at", "sid", "error"]
    )
    sent = {row.business_id for row in rows if isinstance(outcomes[row.pk], Sent)}
    TextSettings.objects.filter(business__in=sent).exclude(problem="").update(
        problem="", resume_at=None
    )
    for row in rows:
        _follow_up(row, outcomes[row.pk], now)


def _note(row: NightlyText, outcome: SendResult, now: datetime) -> None:
    match outcome:
        case Sent(sid):
            row.status, row.reason, row.sent_at, row.sid = Status.SENT, Reason.NONE, now, sid
        case Later(wait):
            row.status, row.reason, row.next_at = (
                Status.WAITING,
                Reason.BUSY,
                now + pause(row.attempts, wait),
            )
        case Refused(why, error):
            row.status, row.reason, row.error = Status.REFUSED, Reason(why), error
        case Stopped(why, error):
            # not this text's fault, so not a failed attempt of it
            row.status, row.reason, row.error, row.attempts = (
                Status.WAITING,
                Reason(why),
                error,
                row.attempts - 1,
            )
        case Unknown():
            row.status, row.reason = Status.UNKNOWN, Reason.NO_ANSWER


def _follow_up(row: NightlyText, outcome: SendResult, now: datetime) -> None:
    match outcome:
        case Refused("unsubscribed", _):
            _correct(row, receive_texts=False)
        case Refused("impossible", _):
            _correct(row, phone_is_mobile=False)
        case Stopped(why, error):
            TextSettings.objects.filter(business=row.business_id).update(
                problem=why, resume_at=now + STOPPED_FOR
            )
            log.error("texts_stopped", business=row.business_id, why=why, error=error)


@transaction.atomic
def _correct(row: NightlyText, **values: bool) -> None:
    """What Twilio knows of the number is true of the customer, if that is still their number."""
    customer = lockable(Customer).filter(pk=row.customer_id, phone=row.phone).first()
    if customer is None:
        return
    for name, value in values.items():
        setattr(customer, name, value)
    customer.save(update_fields=[*values])
