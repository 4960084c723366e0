"""The nightly texts of the evening before the demo starts, to reply to at any hour.

Real ones are sent only between noon and nine in the evening. The van of a demo business leaves at
noon, when the first texts about the next day are sent. So at every hour there is a text whose
reply "No" still cancels the pickup.
"""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Customer, IncomingText, NightlyText, PickupRequest, TextSettings
from customers.texts.claim_texts import may_be_mobile
from customers.texts.languages import LANGUAGES
from customers.texts.timing import EARLIEST_HOUR, END_OF_EVENING, REPLY_COUNTS_FOR
from customers.texts.wording import nightly_text
from devtools.demo.api_client import Row
from devtools.demo.businesses import BUSINESSES

TEXTS_PER_BUSINESS: Final = 4
SENT: Final = NightlyText.Status.SENT


def last_evening(now: datetime, time_zone: str) -> datetime:
    """Return when the last texts were sent."""
    local = now.astimezone(ZoneInfo(time_zone))
    day = local if local.hour >= EARLIEST_HOUR else local - timedelta(days=1)
    return day.replace(hour=EARLIEST_HOUR, minute=0, second=0, microsecond=0)


def create_past_texts(settings: TextSettings, now: datetime) -> None:
    """Create pickups and nightly texts, as the workers would have written them."""
    sent_at = last_evening(now, settings.business.time_zone)
    day = sent_at.date() + timedelta(days=1)
    pickups = [
        PickupRequest(
            business=settings.business,
            customer=customer,
            pickup_date=day,
            scheduled_by=PickupRequest.ScheduledBy.CUSTOMER,
            created_at=sent_at - timedelta(hours=3),
        )
        for customer in _customers_to_text(settings, day)
    ]
    PickupRequest.objects.bulk_create(pickups)
    NightlyText.objects.bulk_create([_sent_text(settings, pickup, sent_at) for pickup in pickups])


def _customers_to_text(settings: TextSettings, day: date) -> list[Customer]:
    customers = (
        Customer.objects.filter(business=settings.business, receive_texts=True)
        .exclude(phone="")
        .exclude(first_name="")
    )
    free = customers.exclude(pickup_requests__pickup_date=day).order_by("pk")
    return [customer for customer in free if may_be_mobile(customer)][:TEXTS_PER_BUSINESS]


def _sent_text(settings: TextSettings, pickup: PickupRequest, at: datetime) -> NightlyText:
    return NightlyText(
        business=settings.business,
        customer=pickup.customer,
        pickup=pickup,
        pickup_date=pickup.pickup_date,
        until=at.replace(hour=END_OF_EVENING),
        status=SENT,
        attempts=1,
        **dict.fromkeys(("next_at", "created_at", "claimed_at", "sent_at"), at),
        phone=pickup.customer.phone,
        sender=settings.number,
        sid=f"SM{uuid4().hex}",
    )


def texts_on_phones() -> list[Row]:
    """Return the texts about coming pickups, oldest first, for the Twilio stand-in to remember."""
    lines: list[tuple[datetime, Row]] = []
    for demo in BUSINESSES:
        if business := demo.find():
            since = timezone.now() - REPLY_COUNTS_FOR
            texts = NightlyText.objects.filter(
                business=business, status=SENT, sent_at__gt=since, pickup_date__gte=business.today()
            )
            lines += _nightly_lines(texts)
            phones = texts.values("phone")
            numbers = set(texts.values_list("sender", flat=True))
            for reply in IncomingText.objects.filter(
                business=business, phone__in=phones, at__gt=since
            ):
                for number in numbers:
                    lines += _reply_lines(reply, number)
    return [line for _, line in sorted(lines, key=lambda one: one[0])]


def _nightly_lines(texts: QuerySet[NightlyText]) -> list[tuple[datetime, Row]]:
    rows = texts.select_related("business__text_settings", "customer__brand").order_by("pk")
    return [
        (row.sent_at, _line(row.sid, row.phone, row.sender, _body(row)))
        for row in rows
        if row.sent_at
    ]


def _reply_lines(reply: IncomingText, number: str) -> list[tuple[datetime, Row]]:
    lines = [(reply.at, _line(reply.sid, reply.phone, number, reply.body, theirs=True))]
    if reply.reply:
        lines.append(
            (
                reply.at,
                _line(f"{reply.sid}-reply", reply.phone, number, reply.reply, reply_to=reply.sid),
            )
        )
    return lines


def _line(
    sid: str, phone: str, number: str, body: str, *, theirs: bool = False, reply_to: str = ""
) -> Row:
    return {
        "sid": sid,
        "phone": phone,
        "number": number,
        "body": body,
        "theirs": theirs,
        "reply_to": reply_to,
    }


def _body(row: NightlyText) -> str:
    settings, customer = row.business.text_settings, row.customer
    business = str(customer.brand or row.business)
    name = customer.first_name or customer.name
    return nightly_text(
        LANGUAGES[settings.language],
        settings.wording,
        name=name,
        day=row.pickup_date,
        business=business,
        country=row.business.country,
    )
