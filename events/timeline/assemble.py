"""Put the timeline page of one customer together, in a fixed number of queries."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from customers.business_clock import BusinessClock
from customers.models import Customer
from events import catalogue
from events.definitions.customer_context import CountedVisit
from events.identify import IDENTIFY
from events.lanes.read_status import lane_status
from events.lanes.status import LaneStatus
from events.models import Integration
from events.send_log.retention import DEFAULT_RETENTION_MONTHS, months_before
from events.timeline import queries
from events.timeline.context import customer_context
from events.timeline.event_status import CustomerFacts, EventStatus, event_statuses
from events.timeline.lines import (
    LINES_PER_PAGE,
    LOG_ENTRIES_READ,
    Key,
    Line,
    LinePage,
    MessageEntry,
    PastOccurrence,
    line_page,
)
from events.timeline.occurrences import latest_occurrences, newest_occurrences
from events.timeline.reasons import BusinessPast, why_no_visit, why_not
from events.timeline.sentences import outcome_sentence, title

FOR_DAY: Final = re.compile(r"for (\d{4}-\d{2}-\d{2})")
"""How a definition says which day an occurrence is for: in SQL, which knows no country."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of the page. `earlier` has sentences about the same message's earlier attempts."""

    at: datetime
    event: str
    about: str
    state: str
    sentence: str
    earlier: list[tuple[MessageEntry, str]]
    note: str = ""
    entry: MessageEntry | None = None


@dataclass(frozen=True, slots=True)
class CustomerTimeline:
    """A page of the timeline. `statuses` are on the first page only.

    `next_key` is where the next page begins; `identify_waits`: changed customer details wait to be
    sent.
    """

    entries: list[TimelineEntry]
    next_key: Key | None
    statuses: list[EventStatus]
    lane_status: LaneStatus
    integration: Integration | None
    identify_waits: bool


@dataclass(frozen=True, slots=True)
class TimelineContext:
    """What both parts of the page need."""

    customer: Customer
    integration: Integration | None
    lane_status: LaneStatus
    past: BusinessPast
    waiting: list[MessageEntry]
    now: datetime


def customer_timeline(customer: Customer, before: Key | None, now: datetime) -> CustomerTimeline:
    """Return the page that begins before a key, or the first page."""
    # Read in the order in which a message travels, so that none is missed because it moved
    # meanwhile.
    occurrences = newest_occurrences(customer.pk, before)
    latest = {} if before else latest_occurrences(customer.pk)
    context = _context(customer, now)
    page, logged = _line_page(occurrences, context, before)
    clock = context.lane_status.clock
    today = clock.day_of(now)
    days = {clock.day_of(line.at) for line in page.lines} | {today}
    visits = queries.counted_visits(customer.pk, days)
    facts = None if before else _facts(context, logged, latest, visits.get(today))
    return CustomerTimeline(
        entries=[_entry(line, context, visits) for line in page.lines],
        next_key=page.next_key,
        statuses=list(event_statuses(facts, now)) if facts else [],
        lane_status=context.lane_status,
        integration=context.integration,
        identify_waits=any(entry.event == IDENTIFY for entry in context.waiting),
    )


def _context(customer: Customer, now: datetime) -> TimelineContext:
    integration = queries.integration_of(customer.business_id)
    status = lane_status(customer.business_id)
    waiting = queries.waiting_entries(customer.business_id, customer.pk)
    months = integration.retention_months if integration else DEFAULT_RETENTION_MONTHS
    past = BusinessPast(
        clock=status.clock,
        switches=queries.switch_history(integration, customer.business_id),
        kept_from=months_before(now.astimezone(UTC).date(), months),
        kept_months=months,
        unread_from=status.oldest_waiting_at if waiting.searched_from else None,
        unread_until=waiting.searched_from,
    )
    return TimelineContext(customer, integration, status, past, waiting.entries, now)


def _line_page(
    occurrences: list[PastOccurrence], context: TimelineContext, before: Key | None
) -> tuple[LinePage, list[MessageEntry]]:
    waiting = [entry for entry in context.waiting if before is None or entry.key < before]
    customer, limit, page, logged = context.customer, LOG_ENTRIES_READ, None, []
    while page is None:
        logged = queries.logged_entries(customer.business_id, customer.pk, before, limit)
        page = line_page(occurrences, waiting, logged, LINES_PER_PAGE, limit)
        limit *= 10
    return page, logged


def _in_words(about: str, clock: BusinessClock) -> str:
    """Write the day that the occurrence is for as the business's country does."""
    for_day = FOR_DAY.fullmatch(about)
    return f"for {clock.day(date.fromisoformat(for_day[1]))}" if for_day else about


def _entry(line: Line, context: TimelineContext, visits: dict[date, CountedVisit]) -> TimelineEntry:
    now, past, status = context.now, context.past, context.lane_status
    about = _in_words(line.occurrence.about, past.clock) if line.occurrence else ""
    note = why_no_visit(line.occurrence, visits, past, now) if line.occurrence else ""
    if not line.entries:
        reason = why_not(line.event, line.at, past, now)
        return TimelineEntry(line.at, title(line.event), about, reason.state, reason.text, [], note)
    newest, *others = line.entries
    return TimelineEntry(
        at=line.at,
        event=title(line.event),
        about=about,
        state=newest.outcome,
        sentence=outcome_sentence(newest, status, now),
        earlier=[(entry, outcome_sentence(entry, status, now)) for entry in others],
        note=note,
        entry=newest,
    )


def _facts(
    context: TimelineContext,
    logged: list[MessageEntry],
    latest: dict[str, datetime],
    visit_today: CountedVisit | None,
) -> CustomerFacts:
    integration, clock = context.integration, context.lane_status.clock
    customer = customer_context(context.customer, integration, clock, visit_today, context.now)
    are_all_read = len(logged) < LOG_ENTRIES_READ
    return CustomerFacts(
        entries=[*context.waiting, *logged],
        latest=latest,
        past=context.past,
        upcoming={event.name: event.upcoming(customer) for event in catalogue.EVENTS},
        is_off=not (integration and integration.enabled),
        muted=frozenset(integration.muted if integration else ()),
        read_from=None if are_all_read else min(entry.known_at for entry in logged),
    )
