"""Rows of a list of messages, as they are shown: the same for what waits and for what was sent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from customers.models import Business, Customer
from events.lanes.status import clock
from events.outbox.pages import OutboxEntry
from events.send_log.pages import LogEntry
from smrt_integration.admin.messages.filters import name_of
from smrt_integration.admin.messages.outcomes import FAILING, OUTCOME_BADGES, WAITING, OutcomeBadge

NOBODY: Final = 0
"""The customer of a test event."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """Times are on the business's clock. `note` says more of the outcome."""

    id: int
    url: str
    happened: str
    event: str
    person: Person
    sign: OutcomeBadge
    settled: str
    note: str
    attempts: int
    business: str = ""


def sent_rows(entries: Sequence[LogEntry], now: datetime, *, several: bool) -> list[MessageRow]:
    businesses, people = _businesses(entries), people_of(entries)
    return [
        _named(
            _sent(entry, zone_of(businesses, entry), people[entry.id], now),
            businesses,
            entry,
            several=several,
        )
        for entry in entries
    ]


def _sent(entry: LogEntry, zone: str, person: Person, now: datetime) -> MessageRow:
    return MessageRow(
        id=entry.id,
        url=reverse("admin:events_sendlog_change", args=[entry.id]),
        happened=clock(entry.occurred_at, now, zone),
        event=name_of(entry.event),
        person=person,
        sign=OUTCOME_BADGES[entry.outcome],
        settled=clock(entry.settled_at, now, zone),
        note=entry.reason,
        attempts=entry.attempts,
    )


def waiting_rows(
    entries: Sequence[OutboxEntry], told: Mapping[int, str], now: datetime, *, several: bool
) -> list[MessageRow]:
    """Why it waits: what went wrong with this message, else what is `told` of its business."""
    businesses, people = _businesses(entries), people_of(entries)
    return [
        _named(
            _waiting(entry, zone_of(businesses, entry), people[entry.id], told, now),
            businesses,
            entry,
            several=several,
        )
        for entry in entries
    ]


def _waiting(
    entry: OutboxEntry, zone: str, person: Person, told: Mapping[int, str], now: datetime
) -> MessageRow:
    return MessageRow(
        id=entry.id,
        url=reverse("admin:events_outgoing_change", args=[entry.id]),
        happened=clock(entry.occurred_at, now, zone),
        event=name_of(entry.event),
        person=person,
        sign=FAILING if entry.last_error else WAITING,
        settled="",
        note=entry.last_error or told.get(entry.business_id, ""),
        attempts=entry.attempts,
    )


def _named(
    row: MessageRow,
    businesses: Mapping[int, Business],
    entry: LogEntry | OutboxEntry,
    *,
    several: bool,
) -> MessageRow:
    found = businesses.get(entry.business_id)
    return (
        replace(row, business=found.name if found else "A business that is gone")
        if several
        else row
    )


def zone_of(businesses: Mapping[int, Business], entry: Any) -> str:
    found = businesses.get(entry.business_id)
    return found.time_zone if found else "UTC"


def _businesses(entries: Iterable[LogEntry | OutboxEntry]) -> dict[int, Business]:
    return Business.objects.in_bulk({entry.business_id for entry in entries})


def people_of(entries: Collection[Any]) -> dict[int, Person]:
    """By the entries' ids."""
    found = Customer.objects.in_bulk({entry.customer_id for entry in entries})
    return {entry.id: _person(entry, found.get(entry.customer_id)) for entry in entries}


def _person(entry: Any, customer: Customer | None) -> Person:
    if entry.customer_id == NOBODY:
        return Person("Nobody")
    if customer is None or customer.business_id != entry.business_id:
        return Person("A customer who was deleted")
    return Person(str(customer), reverse("admin:customers_customer_story", args=[customer.pk]))
