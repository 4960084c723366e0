"""Takes texts that wait, for this worker alone, and says so in their rows before anything is sent.

Twilio has no key by which it would know a text that it got already. So there is at most one attempt of which we do not know the end:
a row that says "being sent" is never taken again. If its worker is killed, the row becomes "perhaps sent" and that is the last of it.
A customer who misses a reminder is better than one who is woken by two, and an answer to a text that did arrive still counts.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from customers.models import Customer, NightlyText, PickupRequest
from customers.phones import mobile_by_plan
from customers.texts.languages import LANGUAGES
from customers.texts.send_results import TextToSend
from customers.texts.wording import nightly_text

Status, Reason = NightlyText.Status, NightlyText.Reason

TEXT_CHUNK_SIZE: Final = 16
"""Texts that are under way at the same moment: a killed worker leaves at most so many of which nobody knows whether they were sent.
One worker sent 40 a second on a busy machine with two cores; each further one adds to that."""
CLAIM_LIFETIME: Final = timedelta(minutes=5)
"""Whoever is longer at it is dead: a task is ended after 150 s."""


def claim_texts(now: datetime) -> list[TextToSend]:
    """The next texts, to be sent at once. Empty when nothing is due."""
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
    """How many became too late, and how many were in the hands of a worker that is gone."""
    expired = NightlyText.objects.filter(status=Status.WAITING, until__lte=now).update(
        status=Status.EXPIRED
    )
    lost = NightlyText.objects.filter(status=Status.SENDING, claimed_at__lte=now - CLAIM_LIFETIME)
    return expired, lost.update(status=Status.UNKNOWN, reason=Reason.NO_ANSWER)


def _due_texts(now: datetime) -> QuerySet[NightlyText]:
    free = Q(business__text_settings__resume_at=None) | Q(
        business__text_settings__resume_at__lte=now
    )
    return (
        NightlyText.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            free,
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
        row.phone, row.sender = row.customer.phone, row.business.text_settings.number


def reason_not_to_send(
    customer: Customer, pickup: PickupRequest, row: NightlyText
) -> NightlyText.Reason:
    """Why this text is not sent after all: much may have happened since it was planned."""
    if pickup.status != PickupRequest.Status.SCHEDULED or pickup.pickup_date != row.pickup_date:
        return Reason.NOT_SCHEDULED
    if not customer.receive_texts:
        return Reason.NO_TEXTS
    return Reason.NONE if may_be_mobile(customer) else Reason.NO_MOBILE


def may_be_mobile(customer: Customer) -> bool:
    """Where the numbering plan does not tell, as in North America, only an answer to a text ever will."""
    if not customer.phone:
        return False
    given = customer.phone_is_mobile
    return mobile_by_plan(customer.phone) is not False if given is None else given


def _text_to_send(row: NightlyText) -> TextToSend:
    settings, customer = row.business.text_settings, row.customer
    body = nightly_text(
        LANGUAGES[settings.language],
        settings.wording,
        name=customer.first_name or customer.name,
        day=row.pickup_date,
        business=str(customer.brand or row.business),
    )
    return TextToSend(row.pk, row.phone, row.sender, body)
