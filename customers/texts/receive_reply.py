"""What a customer texted: it is kept, understood, done and answered, in one transaction and once, however often Twilio tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import structlog
from django.db import transaction
from django.utils import timezone

from customers.models import Customer, IncomingText, NightlyText, PickupRequest, TextSettings
from customers.models.tenant import lockable
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
"""Twilio joins no longer text; what comes longer is cut."""
MAX_MEDIA: Final = 10
ACKNOWLEDGE_EVERY: Final = timedelta(hours=1)
"""Another machine may answer our answer. "We passed it on" is said once in this time; what was asked for is always confirmed."""


@dataclass(frozen=True)
class ReceivedText:
    """One incoming text, as Twilio tells of it."""

    sid: str
    sender: str
    to: str
    body: str
    media: int
    opt_out: str
    """STOP or START where Twilio has taken care of it and answered already."""

    @classmethod
    def of(cls, told: Mapping[str, str]) -> Self:
        # PostgreSQL keeps no zero bytes
        form = {name: value.replace("\0", "") for name, value in told.items()}
        media = form.get("NumMedia", "0")
        return cls(
            sid=form.get("MessageSid", "")[:64],
            sender=form.get("From", "")[:40],
            to=form.get("To", "")[:40],
            body=form.get("Body", "")[:MAX_BODY_LENGTH],
            media=min(int(media), MAX_MEDIA) if media.isascii() and media.isdigit() else 0,
            opt_out=form.get("OptOutType", "").upper(),
        )


def receive_reply(said: ReceivedText) -> str:
    """What to say by return; nothing if empty. The number that was texted tells which business is meant."""
    settings = (
        TextSettings.objects.select_related("business")
        .filter(number=said.to)
        .exclude(number="")
        .first()
    )
    if settings is None:
        log.warning("text_to_a_number_of_nobody", sid=said.sid)
        return ""
    with transaction.atomic():
        # Whoever comes second waits here for the first, and then answers the same.
        row, new = IncomingText.objects.get_or_create(
            sid=said.sid, defaults=_initial_values(settings, said)
        )
        return _ReplyHandler(settings, said, row).act() if new else row.reply


def _initial_values(settings: TextSettings, said: ReceivedText) -> dict[str, object]:
    kept = {
        "business": settings.business,
        "phone": said.sender,
        "body": said.body,
        "media": said.media,
    }
    return kept | {"meaning": ReplyMeaning.OTHER.value, "outcome": AutoReply.NOTHING.value}


class _ReplyHandler:
    """Between a business and whoever has this number there."""

    def __init__(self, settings: TextSettings, said: ReceivedText, row: IncomingText) -> None:
        self.settings, self.business, self.said, self.row = settings, settings.business, said, row
        self.language = LANGUAGES[settings.language]
        self.vocabulary = settings.vocabulary()
        self.now: datetime = timezone.now()
        # In the order in which everybody locks: customers before pickups, by id.
        of_number = lockable(Customer, "business").filter(business=self.business, phone=said.sender)
        self.customers = list(of_number.order_by("id")) if said.sender else []

    def act(self) -> str:
        for customer in self.customers:
            customer.record_text_answer(self.now)
        if len(self.customers) == 1:
            self.row.customer = self.customers[0]
        meaning, reply, sentence = self._understand()
        self.row.meaning, self.row.outcome, self.row.reply = meaning.value, reply.value, sentence
        self.row.handled = reply in NEEDS_NO_ATTENTION
        self.row.save()
        return sentence

    def _understand(self) -> tuple[ReplyMeaning, AutoReply, str]:
        meaning = self.vocabulary.meaning(self.said.body)
        by_twilio = {"STOP": ReplyMeaning.STOP, "START": ReplyMeaning.START}.get(self.said.opt_out)
        if not self.customers:
            # Nobody of ours: an answer would only tell a stranger, or another machine, that somebody is here.
            return meaning, AutoReply.NOTHING, ""
        asked = self._asked()
        chosen = self.vocabulary.whose(self.said.body, [one.name for _, one in asked])
        if meaning is ReplyMeaning.NO or chosen is not None:
            return ReplyMeaning.NO, *self._no(asked, chosen, by_twilio)
        meaning = by_twilio or meaning
        if meaning in {ReplyMeaning.STOP, ReplyMeaning.START}:
            return meaning, *self._wants_texts(meaning, silent=by_twilio is not None)
        return meaning, *self._keep()

    def _no(
        self,
        texts: list[tuple[NightlyText, TextedPickup]],
        chosen: int | None,
        by_twilio: ReplyMeaning | None,
    ) -> tuple[AutoReply, str]:
        zone, van_leaves = self.business.time_zone, self.settings.van_leaves
        reply, about = reply_to_no(
            [asked for _, asked in texts], chosen, self.now, zone, van_leaves
        )
        for text, asked in texts:
            if asked is about:
                self.row.customer, self.row.pickup = text.customer, text.pickup
                if reply is AutoReply.CANCELED:
                    text.pickup.cancel(via=PickupRequest.CanceledVia.TEXT, at=self.now)
        if by_twilio is ReplyMeaning.STOP:
            # "Cancel" is one of the words by which Twilio itself stops its texts.
            self._wants_texts(by_twilio, silent=True)
        names = [asked.name for _, asked in texts]
        return reply, self._sentence(
            reply, day=self.language.in_words(about.day) if about else "", names=names
        )

    def _wants_texts(self, meaning: ReplyMeaning, *, silent: bool) -> tuple[AutoReply, str]:
        """It is the number that gets texts or does not, so this holds for everybody who has it."""
        for customer in self.customers:
            if customer.receive_texts != (meaning is ReplyMeaning.START):
                customer.receive_texts = meaning is ReplyMeaning.START
                customer.save(update_fields=["receive_texts"])
        reply = AutoReply.STARTED if meaning is ReplyMeaning.START else AutoReply.STOPPED
        return reply, "" if silent else self._sentence(reply)

    def _keep(self) -> tuple[AutoReply, str]:
        lately = IncomingText.objects.filter(
            business=self.business, phone=self.said.sender, at__gt=self.now - ACKNOWLEDGE_EVERY
        )
        if lately.filter(outcome=AutoReply.KEPT.value).exists():
            return AutoReply.NOTHING, ""
        return AutoReply.KEPT, self._sentence(AutoReply.KEPT)

    def _sentence(self, reply: AutoReply, day: str = "", names: Sequence[str] = ()) -> str:
        values = {
            "day": day,
            "business": self.business.name,
            "names": self.language.joined.join(names),
            "first": (*names, "")[0],
        }
        return fill_in(self.language.replies[reply], values)

    def _asked(self) -> list[tuple[NightlyText, TextedPickup]]:
        """The last texts to this number, all about the same day, whether or not we know that they arrived."""
        sent = NightlyText.objects.filter(
            business=self.business,
            customer__in=self.customers,
            phone=self.said.sender,
            status__in=[
                NightlyText.Status.SENDING,
                NightlyText.Status.SENT,
                NightlyText.Status.UNKNOWN,
            ],
            claimed_at__gt=self.now - REPLY_COUNTS_FOR,
        )
        rows = list(
            sent.select_related("customer", "pickup").order_by("-pickup_date", "customer_id")
        )
        return [
            (row, _texted_pickup(row)) for row in rows if row.pickup_date == rows[0].pickup_date
        ]


def _texted_pickup(text: NightlyText) -> TextedPickup:
    name = text.customer.first_name or text.customer.name
    return TextedPickup(name, text.pickup_date, _texted_pickup_state(text))


def _texted_pickup_state(text: NightlyText) -> TextedPickupState:
    pickup = text.pickup
    same_day = PickupRequest.objects.filter(
        customer=text.customer_id, pickup_date=text.pickup_date
    ).exclude(pk=pickup.pk)
    moved = pickup.pickup_date != text.pickup_date
    if moved or (
        pickup.status == TextedPickupState.CANCELED.value
        and same_day.filter(status=TextedPickupState.SCHEDULED.value).exists()
    ):
        return TextedPickupState.MADE_ANEW
    return TextedPickupState(pickup.status)
