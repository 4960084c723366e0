"""Record an incoming text, understand it, act on it and reply.

All of it is one transaction, and happens once, however often Twilio reports the same text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import structlog
from django.db import transaction
from django.utils import timezone

from customers.models import Customer, IncomingText, NightlyText, PickupRequest, TextSettings
from customers.models.tenant import lockable
from customers.phones import same_phone
from customers.texts.cancel_by_reply import (
    NEEDS_NO_ATTENTION,
    TextedPickup,
    TextedPickupState,
    reply_to_no,
)
from customers.texts.languages import LANGUAGES, AutoReply, ReplyMeaning
from customers.texts.timing import REPLY_COUNTS_FOR
from customers.texts.wording import fill_in

log = structlog.get_logger(__name__)

MAX_BODY_LENGTH: Final = 1_600
"""Twilio joins the parts of a text up to this length. We cut longer ones."""
MAX_MEDIA: Final = 10
"""Twilio allows no more pictures in one text."""
ACKNOWLEDGE_EVERY: Final = timedelta(hours=1)
"""We say that we forwarded a text only once in this time: an autoresponder may reply to our reply.

Cancellations and opt-outs are always confirmed.
"""
SENT_OR_UNCONFIRMED: Final = (
    NightlyText.Status.SENDING,
    NightlyText.Status.SENT,
    NightlyText.Status.UNKNOWN,
)
"""The customer has the text, or may have it."""
TWILIO_OPT_OUT_TYPES: Final = {"STOP": ReplyMeaning.OPT_OUT, "START": ReplyMeaning.OPT_IN}


@dataclass(frozen=True)
class ReceivedText:
    """One incoming text, as Twilio reports it."""

    sid: str
    sender: str
    to: str
    body: str
    media: int
    opt_out: str
    """STOP or START where Twilio has already recorded it and replied."""

    @classmethod
    def of(cls, posted: Mapping[str, str]) -> Self:
        # PostgreSQL stores no zero bytes
        form = {name: value.replace("\0", "") for name, value in posted.items()}
        media = form.get("NumMedia", "0")
        return cls(
            sid=form.get("MessageSid", "")[:64],
            sender=form.get("From", "")[:40],
            to=form.get("To", "")[:40],
            body=form.get("Body", "")[:MAX_BODY_LENGTH],
            media=min(int(media), MAX_MEDIA) if media.isascii() and media.isdigit() else 0,
            opt_out=form.get("OptOutType", "").upper(),
        )


def receive_reply(text: ReceivedText) -> str:
    """Record the text and act on it. Returns the automatic reply, or an empty string for none.

    The number that was texted identifies the business.
    """
    settings = (
        TextSettings.objects.select_related("business")
        .filter(number=text.to)
        .exclude(number="")
        .first()
    )
    if settings is None:
        log.warning("text_to_unknown_number", sid=text.sid)
        return ""
    with transaction.atomic():
        # A second report of the same text waits here for the first, then returns the same reply.
        row, is_new = IncomingText.objects.get_or_create(
            sid=text.sid, defaults=_initial_values(settings, text)
        )
        return _ReplyHandler(settings, text, row).handle() if is_new else row.reply


def _initial_values(settings: TextSettings, text: ReceivedText) -> dict[str, object]:
    return {
        "business": settings.business,
        "phone": text.sender,
        "body": text.body,
        "media": text.media,
        "meaning": ReplyMeaning.OTHER.value,
        "outcome": AutoReply.NONE.value,
    }


class _ReplyHandler:
    """Handle one incoming text of a business, from a number that customers may share."""

    def __init__(self, settings: TextSettings, text: ReceivedText, row: IncomingText) -> None:
        self.settings, self.business, self.text, self.row = settings, settings.business, text, row
        self.language = LANGUAGES[settings.language]
        self.words = settings.reply_words()
        self.now: datetime = timezone.now()
        # Lock customers before pickups, by id, as everywhere: another order could deadlock.
        self.sender = same_phone(text.sender)
        with_number = lockable(Customer, "business").filter(
            business=self.business, phone__in=self.sender
        )
        self.customers = list(with_number.order_by("id")) if text.sender else []

    def handle(self) -> str:
        for customer in self.customers:
            customer.record_text_reply(self.now)
        if len(self.customers) == 1:
            self.row.customer = self.customers[0]
        meaning, reply, sentence = self._act()
        self.row.meaning, self.row.outcome, self.row.reply = meaning.value, reply.value, sentence
        self.row.handled = reply in NEEDS_NO_ATTENTION
        self.row.save()
        return sentence

    def _act(self) -> tuple[ReplyMeaning, AutoReply, str]:
        meaning = self.words.meaning(self.text.body)
        by_twilio = TWILIO_OPT_OUT_TYPES.get(self.text.opt_out)
        if not self.customers:
            # A reply would tell a stranger, or another program, that this number is read.
            return meaning, AutoReply.NONE, ""
        texted = self._last_texted()
        named = self.words.named_index(self.text.body, [pickup.name for _, pickup in texted])
        if meaning is ReplyMeaning.NO or named is not None:
            return ReplyMeaning.NO, *self._cancel(texted, named, by_twilio)
        meaning = by_twilio or meaning
        if meaning in {ReplyMeaning.OPT_OUT, ReplyMeaning.OPT_IN}:
            return meaning, *self._set_receive_texts(meaning, silent=by_twilio is not None)
        return meaning, *self._forward()

    def _cancel(
        self,
        texted: list[tuple[NightlyText, TextedPickup]],
        named: int | None,
        by_twilio: ReplyMeaning | None,
    ) -> tuple[AutoReply, str]:
        pickups = [pickup for _, pickup in texted]
        reply, about = reply_to_no(
            pickups, named, self.now, self.business.time_zone, self.settings.van_leaves
        )
        for text, pickup in texted:
            if pickup is about:
                self.row.customer, self.row.pickup = text.customer, text.pickup
                if reply is AutoReply.CANCELED:
                    text.pickup.cancel(via=PickupRequest.CanceledVia.TEXT, at=self.now)
        if by_twilio is ReplyMeaning.OPT_OUT:
            # "Cancel" is also one of the words with which Twilio itself ends its texts.
            self._set_receive_texts(by_twilio, silent=True)
        day = self.language.day_text(about.day, self.business.country) if about else ""
        return reply, self._sentence(reply, day=day, names=[pickup.name for pickup in pickups])

    def _set_receive_texts(self, meaning: ReplyMeaning, *, silent: bool) -> tuple[AutoReply, str]:
        """Opt every customer with this number in or out: they all read the same phone."""
        wants_texts = meaning is ReplyMeaning.OPT_IN
        for customer in self.customers:
            if customer.receive_texts != wants_texts:
                customer.receive_texts = wants_texts
                customer.save(update_fields=["receive_texts"])
        reply = AutoReply.OPTED_IN if wants_texts else AutoReply.OPTED_OUT
        return reply, "" if silent else self._sentence(reply)

    def _forward(self) -> tuple[AutoReply, str]:
        """Leave the text to be read by the business."""
        recent = IncomingText.objects.filter(
            business=self.business, phone__in=self.sender, at__gt=self.now - ACKNOWLEDGE_EVERY
        )
        if recent.filter(outcome=AutoReply.FORWARDED.value).exists():
            return AutoReply.NONE, ""
        return AutoReply.FORWARDED, self._sentence(AutoReply.FORWARDED)

    def _sentence(self, reply: AutoReply, day: str = "", names: Sequence[str] = ()) -> str:
        values = {
            "day": day,
            "business": self.business.name,
            "names": self.language.name_separator.join(names),
            "first": (*names, "")[0],
        }
        return fill_in(self.language.replies[reply], values)

    def _last_texted(self) -> list[tuple[NightlyText, TextedPickup]]:
        """The last texts to this number, all about the same day, with their pickups."""
        sent = NightlyText.objects.filter(
            business=self.business,
            customer__in=self.customers,
            phone__in=self.sender,
            status__in=SENT_OR_UNCONFIRMED,
            claimed_at__gt=self.now - REPLY_COUNTS_FOR,
        )
        rows = list(
            sent.select_related("customer", "pickup").order_by("-pickup_date", "customer_id")
        )
        last_day = [row for row in rows if row.pickup_date == rows[0].pickup_date]
        return [(row, _texted_pickup(row)) for row in last_day]


def _texted_pickup(text: NightlyText) -> TextedPickup:
    name = text.customer.first_name or text.customer.name
    return TextedPickup(name, text.pickup_date, _texted_pickup_state(text))


def _texted_pickup_state(text: NightlyText) -> TextedPickupState:
    pickup = text.pickup
    others_that_day = PickupRequest.objects.filter(
        customer=text.customer_id, pickup_date=text.pickup_date
    ).exclude(pk=pickup.pk)
    was_moved = pickup.pickup_date != text.pickup_date
    if was_moved or (
        pickup.status == PickupRequest.Status.CANCELED
        and others_that_day.filter(status=PickupRequest.Status.SCHEDULED).exists()
    ):
        return TextedPickupState.CHANGED
    return TextedPickupState(pickup.status)
