"""What is read of one customer: a fixed number of statements, none of which grows with anybody else's history."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from customers.models import CustomFieldValue, Visit
from events.identify import IDENTIFY
from events.models import Celebration, Integration, Lapse, SendLog, SwitchChange
from events.timeline.lines import WAITING, Key, MessageEntry
from events.timeline.occurrences import keyset
from events.timeline.reasons import CountedVisit
from events.timeline.switch_periods import Switched, SwitchHistory

SEARCHED: Final = 20_000
"""Waiting messages of the business looked through for the customer's, the newest. The outbox has no index by customer: each recording
would pay for it so that one page be complete in the rare backlog that is larger than this."""
SWITCHES: Final = 1_000
"""An owner switches now and then; a page must not grow with a program that does so all the time."""

LOGGED: Final = """
SELECT h.id, h.event, h.subject_id, h.at, h.outcome, h.settled_at, h.message_id, h.reason, h.attempts
FROM (SELECT *, occurred_at AS at FROM events_sendlog) h
WHERE h.business_id = %(business)s AND h.customer_id = %(customer)s
    AND (h.at, h.event COLLATE "C", h.subject_id) < (%(at)s::timestamptz, %(event)s::text COLLATE "C", %(subject)s::bigint)
ORDER BY h.id DESC LIMIT %(most)s
"""
COLUMNS: Final = (
    "id, event, subject_id, occurred_at, %(waiting)s, recorded_at, message_id, last_error, attempts"
)
WAITS: Final = f"""
SELECT {COLUMNS}, customer_id = %(customer)s, place = %(searched)s FROM (
    SELECT *, row_number() OVER (ORDER BY id DESC) AS place
    FROM events_outgoing WHERE business_id = %(business)s ORDER BY id DESC LIMIT %(searched)s
) newest
WHERE customer_id = %(customer)s OR place = %(searched)s
UNION ALL
SELECT {COLUMNS}, TRUE, FALSE FROM events_outgoing WHERE customer_id = %(customer)s AND event = '{IDENTIFY}'
"""


@dataclass(frozen=True, slots=True)
class WaitingEntries:
    """`searched_from`: messages recorded before were not looked through; None when all were."""

    entries: list[MessageEntry]
    searched_from: datetime | None = None


def waiting(business_id: int, customer_id: int) -> WaitingEntries:
    """Read before the log: what leaves the outbox in between is found there. An identify among the newest is found twice."""
    params = {
        "business": business_id,
        "customer": customer_id,
        "searched": SEARCHED,
        "waiting": WAITING,
    }
    entries, searched_from = [], None
    for *row, own, last in _rows(WAITS, params):
        entry = MessageEntry(*row)
        if own:
            entries.append(entry)
        if last:
            searched_from = entry.known_at
    return WaitingEntries(entries, searched_from)


def logged(business_id: int, customer_id: int, before: Key | None, most: int) -> list[MessageEntry]:
    """What left last of what happened before, newest first."""
    params = {"business": business_id, "customer": customer_id, "most": most, **keyset(before)}
    return [MessageEntry(*row) for row in _rows(LOGGED, params)]


def switches(integration: Integration | None, business_id: int) -> SwitchHistory:
    """Since when it is on, the config itself knows, also from before its switches were noted."""
    rows = SwitchChange.objects.filter(business_id=business_id)
    newest = [Switched(row.at, row.event, row.on) for row in rows.order_by("-at", "-id")[:SWITCHES]]
    since = integration.enabled_at if integration else None
    if since and (not newest or since < newest[-1].at):
        newest.append(Switched(since, "", on=True))
    return SwitchHistory(newest[::-1])


def visits(customer_id: int, days: Collection[date]) -> dict[date, CountedVisit]:
    rows = Visit.objects.filter(customer_id=customer_id, day__in=days).values_list(
        "day", "at", "visit_type"
    )
    return {day: CountedVisit(at, VISIT_IN_WORDS[visit_type]) for day, at, visit_type in rows}


VISIT_IN_WORDS: Final[Mapping[str, str]] = {
    Visit.Type.DRIVER: "by a driver",
    Visit.Type.STORE: "in a store",
    Visit.Type.SIGNUP: "as the signup",
}


def accepted(business_id: int, message_id: str) -> SendLog | None:
    """The entry of an identify that Segment accepted; None when the log does not keep it any more."""
    return SendLog.objects.filter(
        message_id=message_id, business_id=business_id, event=IDENTIFY, outcome="accepted"
    ).first()


def lost_at(customer_id: int, since: datetime) -> datetime | None:
    """When it was found that they were lost, counted from `since`."""
    return (
        Lapse.objects.filter(customer_id=customer_id, since=since)
        .values_list("found_at", flat=True)
        .first()
    )


def celebrated(customer_id: int, years: Collection[int]) -> frozenset[int]:
    return frozenset(
        Celebration.objects.filter(customer_id=customer_id, year__in=years).values_list(
            "year", flat=True
        )
    )


def answer(customer_id: int, field_id: int) -> tuple[str, datetime] | None:
    """What the customer said in a custom field, and when."""
    return (
        CustomFieldValue.objects.filter(customer_id=customer_id, field_id=field_id)
        .values_list("value", "updated_at")
        .first()
    )


def integration_of(business_id: int) -> Integration | None:
    return Integration.objects.select_related("birthday_field").filter(pk=business_id).first()


def _rows(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
