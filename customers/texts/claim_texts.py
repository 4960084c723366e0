"""Claim texts that wait, for this worker alone, before anything is sent.

Twilio cannot recognise a text that it already got. So each text has at most one attempt whose end
we do not know: a text that is being sent is never claimed again. If its worker is killed, it
becomes unconfirmed and stays so. A customer who misses a reminder is better off than one who is
woken by two, and a reply still counts if the text did arrive.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from customers.advisory_locks import TEXTS_LOCK, try_lock
from customers.budget import NO_TIME_LIMIT, Budget
from customers.by_index import by_index
from customers.models import Customer, NightlyText, PickupRequest
from customers.phones import mobile_by_plan, same_phone
from customers.texts.languages import LANGUAGES
from customers.texts.send_results import TextToSend
from customers.texts.text_queues import (
    close_queues,
    find_due,
    lock_queues,
    move_on,
    open_queues,
)
from customers.texts.wording import nightly_text

Status, Reason = NightlyText.Status, NightlyText.Reason

TEXTS_IN_FLIGHT: Final = 120
"""Texts that are being sent, or were and are not recorded yet, by all workers together: so many are
unconfirmed at most if all are killed. Twilio takes 100 requests of an account at a time, and
refuses more with error 20429. With responses after 0.4 s this is enough for 200 texts a second."""
TEXT_CHUNK_SIZE: Final = 60
"""Texts that one transaction claims: it takes some 20 ms."""
LONGEST_SENDING: Final = timedelta(seconds=15)
"""After this a text counts as in flight no more: its request timed out, or its worker is dead."""
CLAIM_LIFETIME: Final = timedelta(minutes=5)
"""A claim that is older belongs to a dead worker: a task is ended after 150 s."""

COUNT_IN_FLIGHT: Final = """
SELECT count(*) FROM customers_nightlytext WHERE status = 'sending' AND claimed_at > %s
"""
SAVE_CLAIMS: Final = """
UPDATE customers_nightlytext text
SET status = claim.status, reason = claim.reason, attempts = claim.attempts,
    claimed_at = %(now)s, phone = claim.phone, sender = claim.sender
FROM unnest(
    %(ids)s::bigint[], %(statuses)s::text[], %(reasons)s::text[], %(attempts)s::int[],
    %(phones)s::text[], %(senders)s::text[]
) AS claim (id, status, reason, attempts, phone, sender)
WHERE text.id = claim.id AND text.id = ANY (%(ids)s)
"""


def claim_texts(now: datetime, budget: Budget = NO_TIME_LIMIT) -> list[TextToSend]:
    """Return the next texts, to be sent at once.

    An empty list if none is due, or as many are in flight as may be.
    """
    while (rows := _claim_chunk(now)) is not None:
        if texts := [_text_to_send(row) for row in rows if row.status == Status.SENDING]:
            return texts
        if budget.is_spent():
            break
    return []


@by_index()
def _claim_chunk(now: datetime) -> list[NightlyText] | None:
    """Claim what is due, or close it if it is not to be sent. None if no number may send now.

    One worker at a time, as each counts what is in flight.
    """
    if not try_lock(TEXTS_LOCK):
        return None
    limit = min(TEXT_CHUNK_SIZE, TEXTS_IN_FLIGHT - _count_in_flight(now))
    if limit <= 0:
        return None
    queues = lock_queues(now, limit)
    if not queues:
        return [] if open_queues(now) else None
    due = find_due(queues, now, limit)
    rows = _read_texts([text for _, texts in due.items() for text in texts])
    for row in rows:
        _claim_row(row, now)
    _save_claims(rows, now)
    move_on(queues, Counter(row.business_id for row in rows if row.status == Status.SENDING), now)
    if empty := [business for business, texts in due.items() if not texts]:
        close_queues(empty, now)
    return rows


def _count_in_flight(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_IN_FLIGHT, [now - LONGEST_SENDING])
        return int(cursor.fetchone()[0])


def _read_texts(ids: list[int]) -> list[NightlyText]:
    """Read the texts, which are locked, with all that sending them needs.

    A query for each table: PostgreSQL could join six of them in an order that reads them whole.
    """
    related = NightlyText.objects.prefetch_related(
        "business__text_settings", "customer__brand", "pickup"
    )
    rows = related.in_bulk(ids)
    return [rows[text] for text in ids]


def _save_claims(rows: list[NightlyText], now: datetime) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            SAVE_CLAIMS,
            {
                "now": now,
                "ids": [row.pk for row in rows],
                "statuses": [str(row.status) for row in rows],
                "reasons": [str(row.reason) for row in rows],
                "attempts": [row.attempts for row in rows],
                "phones": [row.phone for row in rows],
                "senders": [row.sender for row in rows],
            },
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
