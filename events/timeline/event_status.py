"""The status of each event for a customer: what happened last, and what comes next. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from events import catalogue
from events.timeline.lines import WAITING, MessageEntry
from events.timeline.reasons import BusinessPast, off_in_words, why_not
from events.timeline.switch_periods import OffPeriod

NOT_READ: Final = "It is not among the latest messages, and this page reads no older ones."
LAST: Final = {
    WAITING: "Waiting since it happened",
    "accepted": "Last accepted by Segment",
    "rejected": "Last refused",
    "skipped": "Last one not sent",
    "expired": "Last expired",
    "unconfirmed": "Last one unconfirmed",
}
OFF_SINCE: Final = "has been switched off since"


@dataclass(frozen=True, slots=True)
class EventStatus:
    """The sentences about one event: `last` about the last occurrence, `next` about the next.

    `state` is a key of `events.timeline.sentences.STATE_LABELS`, `entry` the last message if there
    is one.
    """

    event: str
    state: str
    last: str
    next: str = ""
    entry: MessageEntry | None = None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What the page has read about one customer.

    `latest` is when each event happened last; `upcoming` what its definition says about the next
    one. `is_off`: the integration is switched off. `muted`: these events are switched off.
    `read_from`: messages that left the outbox before were not read; None when all were read.
    """

    entries: Sequence[MessageEntry]
    latest: Mapping[str, datetime]
    past: BusinessPast
    upcoming: Mapping[str, str]
    is_off: bool = False
    muted: frozenset[str] = frozenset()
    read_from: datetime | None = None


def event_statuses(customer: CustomerFacts, now: datetime) -> Iterator[EventStatus]:
    for event in catalogue.EVENTS:
        last, state, entry = _last_status(event.name, customer, now)
        following = _next_sentence(event.name, customer, now)
        # The sentence about the last occurrence may say already what is switched off.
        is_repeated = bool(following) and _cause(following) in last
        yield EventStatus(event.name, state, last, "" if is_repeated else following, entry)


def _cause(sentence: str) -> str:
    """Return the words about the switch, which the sentence about the last occurrence may have."""
    _, _, since = sentence.partition(OFF_SINCE)
    return f"{OFF_SINCE}{since}" if since else sentence


def _last_status(
    event: str, customer: CustomerFacts, now: datetime
) -> tuple[str, str, MessageEntry | None]:
    entry = max(
        (entry for entry in customer.entries if entry.event == event),
        key=lambda entry: (entry.at, entry.known_at, entry.id),
        default=None,
    )
    latest_at = customer.latest.get(event)
    if latest_at and (entry is None or latest_at > entry.at):
        return *_without_message(event, latest_at, customer, now), None
    if entry is None and customer.read_from:
        return NOT_READ, "unknown", None
    if entry is None:
        return catalogue.BY_NAME[event].not_yet, "nothing", None
    at = customer.past.clock.when(entry.known_at, now)
    reason = f" {entry.reason}" if entry.reason else ""
    return f"{LAST[entry.outcome]} {at}.{reason}", entry.outcome, entry


def _without_message(
    event: str, at: datetime, customer: CustomerFacts, now: datetime
) -> tuple[str, str]:
    sentence = f"Last happened {customer.past.clock.when(at, now)}."
    if customer.read_from and at <= customer.read_from:
        return f"{sentence} {NOT_READ}", "unknown"
    reason = why_not(event, at, customer.past, now)
    return f"{sentence} {reason.text}", reason.state


def _next_sentence(event: str, customer: CustomerFacts, now: datetime) -> str:
    switches = customer.past.switches
    if customer.is_off:
        off = switches.off_period("", now)
        return _off_sentence("Nothing is sent: the integration", off, customer.past, now)
    if event in customer.muted:
        off = switches.off_period(event, now)
        return _off_sentence("This event", off, customer.past, now)
    return customer.upcoming.get(event, "")


def _off_sentence(what: str, off: OffPeriod | None, past: BusinessPast, now: datetime) -> str:
    return f"{what} {off_in_words(off, past, now)}." if off else f"{what} is switched off."
