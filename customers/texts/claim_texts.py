"""Claim texts that wait, for this worker alone, before anything is sent.

Twilio cannot recognise a text that it already got. So each text has at most one attempt whose end
we do not know: a text that is being sent is never claimed again. If its worker is killed, it
becomes unconfirmed and stays so. A customer who misses a reminder is better off than one who is
woken by two, and a reply still counts if the text did arrive.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from customers.models import Customer, NightlyText, PickupRequest
from customers.phones import mobile_by_plan, same_phone
from customers.texts.languages import LANGUAGES
from customers.texts.send_results import TextToSend
from customers.texts.wording import nightly_text

Status, Reason = NightlyText.Status, NightlyText.Reason

TEXT_CHUNK_SIZE: Final = 16
"""Texts that are sent at the same time: a killed worker leaves at most so many unconfirmed.

One worker sends about 40 a second on two busy cores, and each further worker adds as many.
"""
CLAIM_LIFETIME: Final = timedelta(minutes=5)
"""A claim that is older belongs to a dead worker: a task is ended after 150 s."""


def claim_texts(now: datetime) -> list[TextToSend]:
    """Return the next texts, to be sent at once. An empty list if none is due."""
    while rows := _claim_chunk(now):
        if texts := [_text_to_send(row) for row in rows if row.status == Status.SENDING]:
            return texts
    return []


@transaction.atomic
def _claim_chunk(now: datetime) -> list[NightlyText]:
    rows = list(_due_texts(now)[:TEXT_CHUNK_SIZE])
    for row in rows:
        _claim_row(row, now)
    NightlyText.objects.bulk_update(
        rows, ["status", "reason", "attempts", "claimed_at", "phone", "sender"]
    )
    return rows


def close_overdue_texts(now: datetime) -> tuple[int, int]:
    """Close the texts that are too late.

    Returns how many expired, and how many a dead worker left unconfirmed.
    """
    expired = NightlyText.objects.filter(status=Status.WAITING, until__lte=now)
    abandoned = NightlyText.objects.filter(
        status=Status.SENDING, claimed_at__lte=now - CLAIM_LIFETIME
    )
    return (
        expired.update(status=Status.EXPIRED),
        abandoned.update(status=Status.UNKNOWN, reason=Reason.NO_ANSWER),
    )


def _due_texts(now: datetime) -> QuerySet[NightlyText]:
    not_halted = Q(business__text_settings__resume_at=None) | Q(
        business__text_settings__resume_at__lte=now
    )
    return (
        NightlyText.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            not_halted,
            status=Status.WAITING,
            next_at__lte=now,
            until__gt=now,
            business__text_settings__enabled=True,
        )
        .exclude(business__text_settings__number="")
        .select_related("business__text_settings", "customer__brand", "pickup")
        .order_by("next_at", "id")
    )


def _claim_row(row: NightlyText, now: datetime) -> None:
    row.reason = reason_not_to_send(row.customer, row.pickup, row)
    row.status = Status.SKIPPED if row.reason else Status.SENDING
    row.claimed_at = now
    if not row.reason:
        row.attempts += 1
        # Twilio delivers to the present form of a number.
        row.phone, *_ = same_phone(row.customer.phone)
        row.sender = row.business.text_settings.number


def reason_not_to_send(
    customer: Customer, pickup: PickupRequest, row: NightlyText
) -> NightlyText.Reason:
    """Return why the text is not sent, or `NONE` if it is sent.

    The customer and the pickup may have changed since the text was planned.
    """
    if pickup.status != PickupRequest.Status.SCHEDULED or pickup.pickup_date != row.pickup_date:
        return Reason.NOT_SCHEDULED
    if not customer.receive_texts:
        return Reason.NO_TEXTS
    return Reason.NONE if may_be_mobile(customer) else Reason.NO_MOBILE


def may_be_mobile(customer: Customer) -> bool:
    """Return whether the customer's number can be a mobile one.

    Where only a reply shows that it is one, as in North America, it can be.
    """
    if not customer.phone:
        return False
    if customer.phone_is_mobile is not None:
        return customer.phone_is_mobile
    return mobile_by_plan(customer.phone) is not False


def _text_to_send(row: NightlyText) -> TextToSend:
    settings, customer = row.business.text_settings, row.customer
    body = nightly_text(
        LANGUAGES[settings.language],
        settings.wording,
        name=customer.first_name or customer.name,
        day=row.pickup_date,
        business=str(customer.brand or row.business),
        country=row.business.country,
    )
    return TextToSend(row.pk, row.phone, row.sender, body)
