"""The rows of a list of messages as pages show them, of the outbox and of the send log."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from customers.business_clock import UTC_CLOCK, BusinessClock
from customers.clock_in_use import on_page
from customers.models import Business, Customer
from events.lanes.status import HELD_REASON
from events.outbox.pages import OutboxEntry
from events.send_log.entries import LogEntry
from events.timeline.sentences import title as event_title
from smrt_integration.admin.messages.outcomes import (
    FAILING_BADGE,
    HELD_BADGE,
    OUTCOME_BADGES,
    WAITING_BADGE,
    OutcomeBadge,
)

NO_CUSTOMER: Final = 0
"""The customer id of a test event."""


@dataclass(frozen=True, slots=True)
class CustomerLink:
    name: str
    url: str = ""


DELETED_CUSTOMER: Final = CustomerLink("A deleted customer")


@dataclass(frozen=True, slots=True)
class MessageRow:
    """Times are in the business's time zone. `note` explains the outcome."""

    id: int
    url: str
    happened: str
    event: str
    customer: CustomerLink
    badge: OutcomeBadge
    settled: str
    note: str
    attempts: int
    business: str = ""


def send_log_rows(entries: Sequence[LogEntry], now: datetime, *, several: bool) -> list[MessageRow]:
    """`several`: the list is of more than one business, so each row names its own."""
    businesses, customers = _businesses(entries), customer_links(entries)
    rows = [
        _send_log_row(entry, clock_of(businesses, entry), customers[entry.id], now)
        for entry in entries
    ]
    return _with_business_names(rows, businesses, entries) if several else rows


def _send_log_row(
    entry: LogEntry, clock: BusinessClock, customer: CustomerLink, now: datetime
) -> MessageRow:
    return MessageRow(
        id=entry.id,
        url=reverse("admin:events_sendlog_change", args=[entry.id]),
        happened=clock.recent(entry.occurred_at, now),
        event=event_title(entry.event),
        customer=customer,
        badge=OUTCOME_BADGES[entry.outcome],
        settled=clock.recent(entry.settled_at, now),
        note=entry.reason,
        attempts=entry.attempts,
    )


def outbox_rows(
    entries: Sequence[OutboxEntry],
    lane_sentences: Mapping[int, str],
    now: datetime,
    *,
    several: bool,
) -> list[MessageRow]:
    """Say why each message waits: its own reason, or else its business's lane sentence."""
    businesses, customers = _businesses(entries), customer_links(entries)
    rows = [
        replace(
            _outbox_row(entry, clock_of(businesses, entry), customers[entry.id], now),
            note=HELD_REASON
            if entry.held_at
            else entry.last_error or lane_sentences.get(entry.business_id, ""),
        )
        for entry in entries
    ]
    return _with_business_names(rows, businesses, entries) if several else rows


def _outbox_row(
    entry: OutboxEntry, clock: BusinessClock, customer: CustomerLink, now: datetime
) -> MessageRow:
    return MessageRow(
        id=entry.id,
        url=reverse("admin:events_outgoing_change", args=[entry.id]),
        happened=clock.recent(entry.occurred_at, now),
        event=event_title(entry.event),
        customer=customer,
        badge=waiting_badge(entry),
        settled="",
        note="",
        attempts=entry.attempts,
    )


def waiting_badge(row: Any) -> OutcomeBadge:
    if getattr(row, "held_at", None):
        return HELD_BADGE
    return FAILING_BADGE if row.last_error else WAITING_BADGE


def _with_business_names(
    rows: Sequence[MessageRow],
    businesses: Mapping[int, Business],
    entries: Sequence[LogEntry | OutboxEntry],
) -> list[MessageRow]:
    names = {business_id: business.name for business_id, business in businesses.items()}
    return [
        replace(row, business=names.get(entry.business_id, "A deleted business"))
        for row, entry in zip(rows, entries, strict=True)
    ]


def clock_of(businesses: Mapping[int, Business], entry: Any) -> BusinessClock:
    business = businesses.get(entry.business_id)
    return on_page(business.clock if business else UTC_CLOCK)


def _businesses(entries: Iterable[LogEntry | OutboxEntry]) -> dict[int, Business]:
    return Business.objects.in_bulk({entry.business_id for entry in entries})


def customer_links(entries: Collection[Any]) -> dict[int, CustomerLink]:
    """Return each entry's customer, by the entry's id."""
    customers = Customer.objects.in_bulk({entry.customer_id for entry in entries})
    return {entry.id: _customer_link(entry, customers.get(entry.customer_id)) for entry in entries}


def customer_links_by_id(
    business_id: int, customer_ids: Collection[int]
) -> dict[int, CustomerLink]:
    """Return the links of these customers of one business, by their ids."""
    customers = Customer.objects.filter(business=business_id).in_bulk(list(customer_ids))
    return {
        customer_id: _link_of(customers[customer_id])
        if customer_id in customers
        else DELETED_CUSTOMER
        for customer_id in customer_ids
    }


def _customer_link(entry: Any, customer: Customer | None) -> CustomerLink:
    if entry.customer_id == NO_CUSTOMER:
        return CustomerLink("No customer")
    if customer is None or customer.business_id != entry.business_id:
        return DELETED_CUSTOMER
    return _link_of(customer)


def _link_of(customer: Customer) -> CustomerLink:
    timeline = reverse("admin:customers_customer_timeline", args=[customer.pk])
    return CustomerLink(str(customer), timeline)
