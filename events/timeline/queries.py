"""The queries about one customer.

Their number is fixed, and none gets slower with another customer's history.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from customers.models import Customer, CustomFieldValue, Visit
from events.definitions.customer_context import CountedVisit
from events.identify import IDENTIFY
from events.models import Celebration, Integration, Lapse, SendLog, SwitchChange
from events.outbox.lane_order import bulk_rows, in_lane_order, live_rows
from events.timeline.lines import WAITING, Key, MessageEntry
from events.timeline.occurrences import OCCURRED_BEFORE, keyset
from events.timeline.switch_periods import Switched, SwitchHistory

OUTBOX_ROWS_READ: Final = 20_000
"""The newest waiting messages of the business in which the customer's are searched.

The outbox has no index by customer: every recording would pay for it, for the sake of one page in
the rare case of a larger backlog.
"""
SWITCHES_READ: Final = 1_000
"""Far more than an owner switches. A program that switches all the time must not slow the page."""

LOGGED_ENTRIES: Final = f"""
SELECT h.id, h.event, h.subject_id, h.at, h.outcome, h.settled_at, h.message_id,
    h.reason, h.attempts
FROM (SELECT *, occurred_at AS at FROM events_sendlog) h
WHERE h.business_id = %(business)s AND h.customer_id = %(customer)s AND {OCCURRED_BEFORE}
ORDER BY h.id DESC LIMIT %(most)s
"""
WAITING_COLUMNS: Final = (
    "id, event, subject_id, occurred_at, %(waiting)s, recorded_at, message_id, last_error, attempts"
)
WAITING_ENTRIES: Final = f"""
SELECT {WAITING_COLUMNS}, FALSE, customer_id = %(customer)s, place = %(searched)s FROM (
    SELECT *, row_number() OVER (ORDER BY id DESC) AS place FROM (
        (
            SELECT * FROM events_outgoing w WHERE {live_rows("w", "%(business)s")}
            ORDER BY {in_lane_order("w", "DESC")} LIMIT %(searched)s
        )
        UNION ALL
        (
            SELECT * FROM events_outgoing w WHERE {bulk_rows("w", "%(business)s")}
            ORDER BY {in_lane_order("w", "DESC")} LIMIT %(searched)s
        )
    ) live_and_bulk ORDER BY id DESC LIMIT %(searched)s
) newest
WHERE customer_id = %(customer)s OR place = %(searched)s
UNION ALL
SELECT {WAITING_COLUMNS}, FALSE, TRUE, FALSE FROM events_outgoing
WHERE customer_id = %(customer)s AND event = '{IDENTIFY}'
UNION ALL
SELECT {WAITING_COLUMNS}, TRUE, TRUE, FALSE FROM events_heldtrack
WHERE customer_id = %(customer)s
"""
VISIT_IN_WORDS: Final[Mapping[str, str]] = {
    Visit.Type.DRIVER: "by a driver",
    Visit.Type.STORE: "in a store",
    Visit.Type.SIGNUP: "as the signup",
}


@dataclass(frozen=True, slots=True)
class WaitingEntries:
    """`searched_from`: messages recorded before were not searched; None when all were."""

    entries: list[MessageEntry]
    searched_from: datetime | None = None


def waiting_entries(business_id: int, customer_id: int) -> WaitingEntries:
    """Return the customer's messages in the outbox. An identify among the newest is returned twice.

    Read it before the send log: a message that leaves in between is found there.
    """
    params = {
        "business": business_id,
        "customer": customer_id,
        "searched": OUTBOX_ROWS_READ,
        "waiting": WAITING,
    }
    entries, searched_from = [], None
    for *row, is_own, is_last in _rows(WAITING_ENTRIES, params):
        entry = MessageEntry(*row)
        if is_own:
            entries.append(entry)
        if is_last:
            searched_from = entry.known_at
    return WaitingEntries(entries, searched_from)


def logged_entries(
    business_id: int, customer_id: int, before: Key | None, most: int
) -> list[MessageEntry]:
    """Return the entries about what happened before a key, those that left last first."""
    params = {"business": business_id, "customer": customer_id, "most": most, **keyset(before)}
    return [MessageEntry(*row) for row in _rows(LOGGED_ENTRIES, params)]


def switch_history(integration: Integration | None, business_id: int) -> SwitchHistory:
    """Return what was switched when.

    `enabled_at` of the integration adds the last switching on from before changes were recorded.
    """
    rows = SwitchChange.objects.filter(business_id=business_id).order_by("-at", "-id")
    newest = [Switched(row.at, row.event, row.on) for row in rows[:SWITCHES_READ]]
    since = integration.enabled_at if integration else None
    if since and (not newest or since < newest[-1].at):
        newest.append(Switched(since, "", on=True))
    return SwitchHistory(newest[::-1])


def counted_visits(customer_id: int, days: Collection[date]) -> dict[date, CountedVisit]:
    rows = Visit.objects.filter(customer_id=customer_id, day__in=days)
    return {
        day: CountedVisit(at, VISIT_IN_WORDS[visit_type])
        for day, at, visit_type in rows.values_list("day", "at", "visit_type")
    }


def accepted_identify(customer: Customer, message_id: str) -> SendLog | None:
    """Return the entry of an accepted identify; None when the send log no longer has it."""
    entries = SendLog.objects.filter(business_id=customer.business_id, customer_id=customer.pk)
    return entries.filter(message_id=message_id, event=IDENTIFY, outcome="accepted").first()


def lost_at(customer_id: int, since: datetime) -> datetime | None:
    """Return when the sweep found the customer lost, counted from `since`."""
    lapses = Lapse.objects.filter(customer_id=customer_id, since=since)
    return lapses.values_list("found_at", flat=True).first()


def celebrated_years(customer_id: int, years: Collection[int]) -> frozenset[int]:
    rows = Celebration.objects.filter(customer_id=customer_id, year__in=years)
    return frozenset(rows.values_list("year", flat=True))


def custom_value(customer_id: int, field_id: int) -> tuple[str, datetime] | None:
    """Return the customer's value in a custom field, and when it was entered."""
    rows = CustomFieldValue.objects.filter(customer_id=customer_id, field_id=field_id)
    return rows.values_list("value", "updated_at").first()


def integration_of(business_id: int) -> Integration | None:
    return Integration.objects.select_related("birthday_field").filter(pk=business_id).first()


def _rows(statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
