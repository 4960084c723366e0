"""Rows of a list of messages, as they are shown: the same for what waits and for what was sent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from customers.models import Business, Customer
from events.outbox.log_pages import Entry
from events.outbox.waiting_pages import Waits
from events.standing import clock
from smrt_integration.admin.messages.filters import name_of
from smrt_integration.admin.messages.words import FAILING, SIGNS, WAITING, Sign

NOBODY: Final = 0
"""The customer of a test event."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Times are on the business's clock. `note` says more of the outcome."""

    id: int
    url: str
    happened: str
    event: str
    person: Person
    sign: Sign
    settled: str
    note: str
    attempts: int
    business: str = ""


def sent_rows(entries: Sequence[Entry], now: datetime, *, several: bool) -> list[Row]:
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


def _sent(entry: Entry, zone: str, person: Person, now: datetime) -> Row:
    return Row(
        id=entry.id,
        url=reverse("admin:events_sendlog_change", args=[entry.id]),
        happened=clock(entry.occurred_at, now, zone),
        event=name_of(entry.event),
        person=person,
        sign=SIGNS[entry.outcome],
        settled=clock(entry.settled_at, now, zone),
        note=entry.reason,
        attempts=entry.attempts,
    )


def waiting_rows(
    entries: Sequence[Waits], told: Mapping[int, str], now: datetime, *, several: bool
) -> list[Row]:
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
    entry: Waits, zone: str, person: Person, told: Mapping[int, str], now: datetime
) -> Row:
    return Row(
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
    row: Row, businesses: Mapping[int, Business], entry: Entry | Waits, *, several: bool
) -> Row:
    found = businesses.get(entry.business_id)
    return (
        replace(row, business=found.name if found else "A business that is gone")
        if several
        else row
    )


def zone_of(businesses: Mapping[int, Business], entry: Any) -> str:
    found = businesses.get(entry.business_id)
    return found.time_zone if found else "UTC"


def _businesses(entries: Iterable[Entry | Waits]) -> dict[int, Business]:
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
