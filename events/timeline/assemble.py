"""Everything there is to tell of one customer, fetched in a fixed number of queries and said by what is pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from customers import zones
from customers.lost import DEFAULT_LIMITS, absent_since
from customers.models import Customer
from events import catalogue
from events.lanes.read_status import lane_status
from events.lanes.status import LaneStatus
from events.models import Integration
from events.send_log.retention import DEFAULT_RETENTION_MONTHS, months_before
from events.timeline import event_status, occurrences, queries, reasons, upcoming
from events.timeline.event_status import CustomerFacts, EventStatus
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
from events.timeline.reasons import BusinessPast, CountedVisit
from events.timeline.sentences import outcome_sentence, title
from events.timeline.upcoming import Absence, Birthdays


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of the page. `earlier` are sentences about the same message, when it was sent more than once."""

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
    """`stands` are on the first page only. `identify`: a change of the customer's details waits."""

    lines: list[TimelineEntry]
    following: Key | None
    stands: list[EventStatus]
    standing: LaneStatus
    integration: Integration | None
    identify: bool


@dataclass(frozen=True, slots=True)
class TimelineContext:
    """What both parts of the page look at."""

    customer: Customer
    integration: Integration | None
    standing: LaneStatus
    past: BusinessPast
    waiting: list[MessageEntry]
    now: datetime


def customer_timeline(customer: Customer, before: Key | None, now: datetime) -> CustomerTimeline:
    """`before`: where the page of the time line goes on."""
    # in the order in which a message travels: none is missed because it moved meanwhile
    found = occurrences.newest(customer.pk, before)
    latest = {} if before else occurrences.latest(customer.pk)
    scene = _scene(customer, now)
    page, logged = _page(found, scene, before)
    zone = scene.standing.time_zone
    days = {zones.local_day(line.at, zone) for line in page.lines} | {zones.local_day(now, zone)}
    visits = queries.visits(customer.pk, days)
    known = None if before else _known(scene, logged, latest, visits)
    return CustomerTimeline(
        lines=[_told(line, scene, visits) for line in page.lines],
        following=page.following,
        stands=list(event_status.event_statuses(known, now)) if known else [],
        standing=scene.standing,
        integration=scene.integration,
        identify=any(entry.event == "identify" for entry in scene.waiting),
    )


def _page(
    found: list[PastOccurrence], scene: TimelineContext, before: Key | None
) -> tuple[LinePage, list[MessageEntry]]:
    waiting = [entry for entry in scene.waiting if before is None or entry.key < before]
    looked_at, page, logged = LOG_ENTRIES_READ, None, []
    while page is None:
        logged = queries.logged(scene.customer.business_id, scene.customer.pk, before, looked_at)
        page = line_page(found, waiting, logged, LINES_PER_PAGE, looked_at)
        looked_at *= 10
    return page, logged


def _scene(customer: Customer, now: datetime) -> TimelineContext:
    integration = queries.integration_of(customer.business_id)
    standing = lane_status(customer.business_id)
    waiting = queries.waiting(customer.business_id, customer.pk)
    kept = integration.retention_months if integration else DEFAULT_RETENTION_MONTHS
    past = BusinessPast(
        time_zone=standing.time_zone,
        switches=queries.switches(integration, customer.business_id),
        kept_from=months_before(now.astimezone(UTC).date(), kept),
        kept_months=kept,
        unread_from=standing.oldest_waiting_at if waiting.searched_from else None,
        unread_until=waiting.searched_from,
    )
    return TimelineContext(customer, integration, standing, past, waiting.entries, now)


def _told(line: Line, scene: TimelineContext, visits: dict[date, CountedVisit]) -> TimelineEntry:
    now, past = scene.now, scene.past
    about = line.happened.about if line.happened else ""
    note = reasons.visited_already(line.happened, visits, past, now) if line.happened else ""
    if not line.entries:
        reason = reasons.why_not(line.event, line.at, past, now)
        return TimelineEntry(line.at, title(line.event), about, reason.state, reason.text, [], note)
    newest, *others = line.entries
    earlier = [(entry, outcome_sentence(entry, scene.standing, now)) for entry in others]
    return TimelineEntry(
        line.at,
        title(line.event),
        about,
        newest.outcome,
        outcome_sentence(newest, scene.standing, now),
        earlier,
        note,
        newest,
    )


def _known(
    scene: TimelineContext,
    logged: list[MessageEntry],
    latest: dict[str, datetime],
    visits: dict[date, CountedVisit],
) -> CustomerFacts:
    integration, zone = scene.integration, scene.standing.time_zone
    coming = {
        catalogue.CUSTOMER_LOST: upcoming.lost(_absence(scene), zone, scene.now),
        catalogue.CUSTOMER_BIRTHDAY: upcoming.birthday(_birthdays(scene), zone, scene.now),
    }
    return CustomerFacts(
        entries=[*scene.waiting, *logged],
        latest=latest,
        past=scene.past,
        ahead=coming,
        visit=event_status.todays(visits, scene.now, zone),
        off=not (integration and integration.enabled),
        muted=frozenset(integration.muted if integration else ()),
        read_from=min(entry.known_at for entry in logged)
        if len(logged) >= LOG_ENTRIES_READ
        else None,
    )


def _absence(scene: TimelineContext) -> Absence:
    customer, integration = scene.customer, scene.integration
    since = absent_since(customer.last_visit, customer.created_at)
    limit = DEFAULT_LIMITS[customer.visit_frequency]
    if integration:
        limit = integration.limit_of(customer.visit_frequency)
    found_at = queries.lost_at(customer.pk, since)
    return Absence(
        since,
        since == customer.last_visit,
        customer.visit_frequency,
        limit,
        found_at,
        integration.enabled_at if integration else None,
    )


def _birthdays(scene: TimelineContext) -> Birthdays:
    integration = scene.integration
    field = integration.birthday_field if integration else None
    if integration is None or field is None:
        return Birthdays(None)
    answer = queries.answer(scene.customer.pk, field.pk)
    since = (
        max(filter(None, (integration.enabled_at, integration.birthday_field_since)), default=None)
        if integration.enabled
        else None
    )
    year = zones.local_day(scene.now, scene.standing.time_zone).year
    value, answered_at = answer or ("", None)
    return Birthdays(
        field.name,
        value,
        answered_at,
        integration.birthday_hour,
        since,
        queries.celebrated(scene.customer.pk, [year]),
    )
