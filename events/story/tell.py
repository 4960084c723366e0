"""Everything there is to tell of one customer, fetched in a fixed number of queries and said by what is pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from customers import zones
from customers.lost import DEFAULT_LIMITS
from customers.models import Customer
from events import catalogue
from events.models import Integration
from events.outbox.retention import DEFAULT_MONTHS, months_before
from events.standing import Standing
from events.standings import standing_of
from events.story import ahead, happened, read, stands, timeline, why
from events.story.ahead import Absence, Birthdays
from events.story.stands import Known, Stand
from events.story.timeline import LOOKED_AT, PAGE, Entry, Happened, Key, Line, Page
from events.story.why import Past, Visited
from events.story.words import became, title


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the page. `earlier` are sentences about the same message, when it was sent more than once."""

    at: datetime
    event: str
    about: str
    state: str
    sentence: str
    earlier: list[tuple[Entry, str]]
    note: str = ""
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """`stands` are on the first page only. `identify`: a change of the customer's details waits."""

    lines: list[Told]
    following: Key | None
    stands: list[Stand]
    standing: Standing
    integration: Integration | None
    identify: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """What both parts of the page look at."""

    customer: Customer
    integration: Integration | None
    standing: Standing
    past: Past
    waiting: list[Entry]
    now: datetime


def story(customer: Customer, before: Key | None, now: datetime) -> Story:
    """`before`: where the page of the time line goes on."""
    # in the order in which a message travels: none is missed because it moved meanwhile
    found = happened.newest(customer.pk, before)
    latest = {} if before else happened.latest(customer.pk)
    scene = _scene(customer, now)
    page, logged = _page(found, scene, before)
    zone = scene.standing.time_zone
    days = {zones.local_day(line.at, zone) for line in page.lines} | {zones.local_day(now, zone)}
    visits = read.visits(customer.pk, days)
    known = None if before else _known(scene, logged, latest, visits)
    return Story(
        lines=[_told(line, scene, visits) for line in page.lines],
        following=page.following,
        stands=list(stands.stands(known, now)) if known else [],
        standing=scene.standing,
        integration=scene.integration,
        identify=any(entry.event == "identify" for entry in scene.waiting),
    )


def _page(found: list[Happened], scene: Scene, before: Key | None) -> tuple[Page, list[Entry]]:
    waiting = [entry for entry in scene.waiting if before is None or entry.key < before]
    looked_at, page, logged = LOOKED_AT, None, []
    while page is None:
        logged = read.logged(scene.customer.business_id, scene.customer.pk, before, looked_at)
        page = timeline.page(found, waiting, logged, PAGE, looked_at)
        looked_at *= 10
    return page, logged


def _scene(customer: Customer, now: datetime) -> Scene:
    integration = read.integration_of(customer.business_id)
    standing = standing_of(customer.business_id)
    waiting = read.waiting(customer.business_id, customer.pk)
    kept = integration.retention_months if integration else DEFAULT_MONTHS
    past = Past(
        time_zone=standing.time_zone,
        switches=read.switches(integration, customer.business_id),
        kept_from=months_before(now.astimezone(UTC).date(), kept),
        kept_months=kept,
        unread_from=standing.oldest_waiting_at if waiting.searched_from else None,
        unread_until=waiting.searched_from,
    )
    return Scene(customer, integration, standing, past, waiting.entries, now)


def _told(line: Line, scene: Scene, visits: dict[date, Visited]) -> Told:
    now, past = scene.now, scene.past
    about = line.happened.about if line.happened else ""
    note = why.visited_already(line.happened, visits, past, now) if line.happened else ""
    if not line.entries:
        reason = why.why_not(line.event, line.at, past, now)
        return Told(line.at, title(line.event), about, reason.state, reason.text, [], note)
    newest, *others = line.entries
    earlier = [(entry, became(entry, scene.standing, now)) for entry in others]
    return Told(
        line.at,
        title(line.event),
        about,
        newest.outcome,
        became(newest, scene.standing, now),
        earlier,
        note,
        newest,
    )


def _known(
    scene: Scene, logged: list[Entry], latest: dict[str, datetime], visits: dict[date, Visited]
) -> Known:
    integration, zone = scene.integration, scene.standing.time_zone
    coming = {
        catalogue.CUSTOMER_LOST: ahead.lost(_absence(scene), zone, scene.now),
        catalogue.CUSTOMER_BIRTHDAY: ahead.birthday(_birthdays(scene), zone, scene.now),
    }
    return Known(
        entries=[*scene.waiting, *logged],
        latest=latest,
        past=scene.past,
        ahead=coming,
        visit=stands.todays(visits, scene.now, zone),
        off=not (integration and integration.enabled),
        muted=frozenset(integration.muted if integration else ()),
        read_from=min(entry.known_at for entry in logged) if len(logged) >= LOOKED_AT else None,
    )


def _absence(scene: Scene) -> Absence:
    customer, integration = scene.customer, scene.integration
    visited = customer.last_visit is not None and customer.last_visit >= customer.created_at
    since = (
        customer.last_visit if customer.last_visit is not None and visited else customer.created_at
    )
    limit = DEFAULT_LIMITS[customer.visit_frequency]
    if integration:
        limit = integration.limit_of(customer.visit_frequency)
    found_at = read.lost_at(customer.pk, since)
    return Absence(
        since,
        visited,
        customer.visit_frequency,
        limit,
        found_at,
        integration.enabled_at if integration else None,
    )


def _birthdays(scene: Scene) -> Birthdays:
    integration = scene.integration
    field = integration.birthday_field if integration else None
    if integration is None or field is None:
        return Birthdays(None)
    answer = read.answer(scene.customer.pk, field.pk)
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
        read.celebrated(scene.customer.pk, [year]),
    )
