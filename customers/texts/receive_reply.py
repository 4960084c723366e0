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
    pickup_to_ask_about,
    reply_to_no,
)
from customers.texts.languages import LANGUAGES, AutoReply, ReplyMeaning
from customers.texts.reply_words import UnderstoodReply
from customers.texts.texted_pickups import last_texted, names_of
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
TWILIO_OPT_OUT_TYPES: Final = {
    "STOP": ReplyMeaning.OPT_OUT,
    "START": ReplyMeaning.OPT_IN,
    "HELP": ReplyMeaning.HELP,
}
"""What Twilio already recorded, and replied to."""
OPT_OUT_MEANINGS: Final = (ReplyMeaning.OPT_OUT.value, ReplyMeaning.CANCEL.value)
OPT_MEANINGS: Final = (*OPT_OUT_MEANINGS, ReplyMeaning.OPT_IN.value)


@dataclass(frozen=True)
class ReceivedText:
    """One incoming text, as Twilio reports it."""

    sid: str
    sender: str
    to: str
    body: str
    media: int
    opt_out: str
    """STOP, START or HELP where Twilio has already recorded it and replied."""

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
        if not self.customers:
            # A reply would tell a stranger, or another program, that this number is read.
            return self.words.meaning(self.text.body), AutoReply.NONE, ""
        texted = last_texted(self.business, self.customers, self.sender, self.now)
        meaning, named = self._understand(texted)
        if meaning in {ReplyMeaning.NO, ReplyMeaning.CANCEL}:
            return meaning, *self._cancel(texted, named if texted else None, meaning)
        return meaning, *self._answer(meaning, texted)

    def _understand(self, texted: list[tuple[NightlyText, TextedPickup]]) -> UnderstoodReply:
        names = [pickup.names for _, pickup in texted] or list(map(names_of, self.customers))
        understood = self.words.understand(self.text.body, names)
        meaning = understood.meaning
        if meaning not in {ReplyMeaning.NO, ReplyMeaning.CANCEL}:
            meaning = TWILIO_OPT_OUT_TYPES.get(self.text.opt_out, meaning)
        elif self.text.opt_out == "STOP":
            meaning = ReplyMeaning.CANCEL
        if meaning is ReplyMeaning.OPT_IN_AFTER_STOP and self._has_opted_out():
            meaning = ReplyMeaning.OPT_IN
        return understood._replace(meaning=meaning)

    def _answer(
        self, meaning: ReplyMeaning, texted: list[tuple[NightlyText, TextedPickup]]
    ) -> tuple[AutoReply, str]:
        if meaning in {ReplyMeaning.OPT_OUT, ReplyMeaning.OPT_IN}:
            return self._set_receive_texts(meaning)
        if meaning in {ReplyMeaning.ACKNOWLEDGMENT, ReplyMeaning.OPT_IN_AFTER_STOP}:
            return AutoReply.ACKNOWLEDGED, ""
        if meaning is ReplyMeaning.HELP:
            return AutoReply.HELP, "" if self.text.opt_out else self._sentence(AutoReply.HELP)
        return self._forward(texted)

    def _cancel(
        self,
        texted: list[tuple[NightlyText, TextedPickup]],
        named: int | None,
        meaning: ReplyMeaning,
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
        day = self.language.day_text(about.day, self.business.country) if about else ""
        sentence = self._sentence(reply, day=day, names=[pickup.name for pickup in pickups])
        if meaning is ReplyMeaning.NO:
            return reply, sentence
        opted_out, confirmation = self._set_receive_texts(ReplyMeaning.OPT_OUT)
        if reply is AutoReply.NOT_TEXTED:
            # The word was about the texts alone.
            return opted_out, confirmation
        return reply, f"{sentence} {confirmation}".rstrip()

    def _set_receive_texts(self, meaning: ReplyMeaning) -> tuple[AutoReply, str]:
        """Opt every customer with this number in or out: they all read the same phone."""
        wants_texts = meaning is ReplyMeaning.OPT_IN
        for customer in self.customers:
            knows = customer.receive_texts if wants_texts else "receive_texts" in customer.opted_out
            if not knows:
                customer.save(update_fields=customer.choose("receive_texts", wants_texts))
        reply = AutoReply.OPTED_IN if wants_texts else AutoReply.OPTED_OUT
        # Where Twilio recorded it, Twilio has replied, too.
        return reply, "" if self.text.opt_out else self._sentence(reply)

    def _has_opted_out(self) -> bool:
        """Return whether the last word from this number was an opt-out, to us or to Twilio."""
        if all(customer.receive_texts for customer in self.customers):
            return False
        earlier = IncomingText.objects.filter(
            business=self.business, phone__in=self.sender, meaning__in=OPT_MEANINGS
        ).exclude(pk=self.row.pk)
        last = earlier.order_by("-at", "-id").values_list("meaning", flat=True).first()
        return (
            last in OPT_OUT_MEANINGS
            or NightlyText.objects.filter(
                business=self.business,
                phone__in=self.sender,
                reason=NightlyText.Reason.UNSUBSCRIBED,
            ).exists()
        )

    def _forward(self, texted: list[tuple[NightlyText, TextedPickup]]) -> tuple[AutoReply, str]:
        """Leave the text to be read by the business. Ask for a "No" if one would cancel something.

        The customers are locked, so of two replies at once only one is asked back.
        """
        if not any(customer.receive_texts for customer in self.customers):
            return AutoReply.NONE, ""
        recent = IncomingText.objects.filter(
            business=self.business, phone__in=self.sender, at__gt=self.now - ACKNOWLEDGE_EVERY
        )
        if recent.filter(outcome__in=[AutoReply.FORWARDED.value, AutoReply.ASKED.value]).exists():
            return AutoReply.NONE, ""
        about = pickup_to_ask_about(
            [pickup for _, pickup in texted],
            self.now,
            self.business.time_zone,
            self.settings.van_leaves,
        )
        if about is None or any(text.asked_at for text, _ in texted):
            return AutoReply.FORWARDED, self._sentence(AutoReply.FORWARDED)
        NightlyText.objects.filter(pk__in=[text.pk for text, _ in texted]).update(asked_at=self.now)
        day = self.language.day_text(about.day, self.business.country)
        return AutoReply.ASKED, self._sentence(AutoReply.ASKED, day=day)

    def _sentence(self, reply: AutoReply, day: str = "", names: Sequence[str] = ()) -> str:
        values = {
            "day": day,
            "business": self.business.name,
            "names": self.language.name_separator.join(names),
            "first": (*names, "")[0],
        }
        return fill_in(self.language.replies[reply], values)
