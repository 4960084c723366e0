"""Where each of the events stands for a customer: one sentence for what became of the last, and one for what comes or does not. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from customers.zones import local_day
from events import catalogue
from events.timeline.lines import WAITING, MessageEntry
from events.timeline.reasons import BusinessPast, CountedVisit, on, was_off, why_not
from events.timeline.switch_periods import OffPeriod

NEVER: Final = {
    catalogue.PICKUP_COMPLETED: "No driver has picked anything up from them, or delivered anything.",
    catalogue.PICKUP_MISSED: "No driver has stopped at theirs in vain.",
    catalogue.PICKUP_SCHEDULED: "No pickup has been scheduled by hand.",
    catalogue.CUSTOMER_CANCELED_PICKUP: "They have not canceled a pickup.",
    catalogue.CUSTOMER_REQUESTED_REGULAR_PICKUPS: "They have not asked to join a regular route.",
    catalogue.ORDER_CREATED: "No order has been created for them.",
    catalogue.ORDER_READY: "No order of theirs has become ready.",
    catalogue.ORDER_RETURNED: "No order has gone back to them.",
    catalogue.ORDER_LINE_ITEM_RETURNED: "No item has gone back to them.",
    catalogue.NEW_CUSTOMER_SIGNUP: "No signup is known.",
    catalogue.CUSTOMER_VISIT: "No visit is known.",
    catalogue.CUSTOMER_LOST: "They have never been found lost.",
    catalogue.CUSTOMER_BIRTHDAY: "Never sent for them.",
}


@dataclass(frozen=True, slots=True)
class EventStatus:
    """`state` is one of `events.timeline.sentences.STATE_LABELS`. `entry` tells more, if there is one."""

    event: str
    state: str
    last: str
    now: str = ""
    entry: MessageEntry | None = None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Of one customer: their messages, and when each event happened last. `ahead` says of an event what comes by itself; `visit` is
    today's, if there was one. `off`: the integration is switched off now; `muted`: these events are. `read_from`: messages that left
    before were not read; None when all were."""

    entries: Sequence[MessageEntry]
    latest: Mapping[str, datetime]
    past: BusinessPast
    ahead: Mapping[str, str]
    visit: CountedVisit | None = None
    off: bool = False
    muted: frozenset[str] = frozenset()
    read_from: datetime | None = None


def event_statuses(known: CustomerFacts, now: datetime) -> Iterator[EventStatus]:
    for event in catalogue.EVENTS:
        last, state, entry = _last(event.name, known, now)
        ahead = _now(event.name, known, now)
        # once is enough where it was off for the last one already, and still is
        yield EventStatus(
            event.name, state, last, "" if ahead and _cause(ahead) in last else ahead, entry
        )


def _cause(sentence: str) -> str:
    """Of "This event has been switched off since 08:00." what another sentence may have said as well."""
    _, _, since = sentence.partition("has been switched off since")
    return f"has been switched off since{since}" if since else sentence


def _last(event: str, known: CustomerFacts, now: datetime) -> tuple[str, str, MessageEntry | None]:
    entry = max(
        (one for one in known.entries if one.event == event),
        key=lambda one: (one.at, one.known_at, one.id),
        default=None,
    )
    happened = known.latest.get(event)
    if happened and (entry is None or happened > entry.at):
        return *_happened(event, happened, known, now), None
    if entry is None:
        return (NOT_READ, "unknown", None) if known.read_from else (NEVER[event], "nothing", None)
    return (
        f"{LAST[entry.outcome]} {on(entry.known_at, known.past.time_zone, now)}." + _reason(entry),
        entry.outcome,
        entry,
    )


def _happened(event: str, at: datetime, known: CustomerFacts, now: datetime) -> tuple[str, str]:
    when = f"Last happened {on(at, known.past.time_zone, now)}."
    if known.read_from and at <= known.read_from:
        return f"{when} {NOT_READ}", "unknown"
    why = why_not(event, at, known.past, now)
    return f"{when} {why.text}", why.state


NOT_READ: Final = "It is not among the latest messages, which are all that is looked through here."
LAST: Final = {
    WAITING: "Waiting since it happened",
    "accepted": "Last accepted by Segment",
    "rejected": "Last rejected",
    "skipped": "Last passed over",
    "expired": "Last expired",
}


def _reason(entry: MessageEntry) -> str:
    return f" {entry.reason}" if entry.reason else ""


def _now(event: str, known: CustomerFacts, now: datetime) -> str:
    switches = known.past.switches
    if known.off:
        return _off("Nothing is sent: the integration", switches.off("", now), known.past, now)
    if event in known.muted:
        return _off("This event", switches.off(event, now), known.past, now)
    if event == catalogue.CUSTOMER_VISIT and known.visit:
        at = on(known.visit.at, known.past.time_zone, now)
        tomorrow = "a day counts once, so the next can be tomorrow's"
        return f"Today's was counted {at}, {known.visit.how}: {tomorrow}."
    return known.ahead.get(event, "")


def _off(what: str, off: OffPeriod | None, past: BusinessPast, now: datetime) -> str:
    return f"{what} {was_off(off, past, now)}." if off else f"{what} is switched off."


def todays(
    visits: Mapping[date, CountedVisit], now: datetime, time_zone: str
) -> CountedVisit | None:
    return visits.get(local_day(now, time_zone))
