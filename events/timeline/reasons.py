"""Why something that happened was not sent, in an owner's words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from customers.zones import local_day
from events.lanes.status import clock, when
from events.timeline.lines import PastOccurrence
from events.timeline.switch_periods import OffPeriod, SwitchHistory

CANCELED_BY_EMPLOYEE: Final = "Pickup canceled by an employee"
"""No event: listed because an owner may wonder."""
LATE: Final = timedelta(hours=1)
"""By how much something may be recorded after it happened, as when a driver's phone had no network."""


@dataclass(frozen=True, slots=True)
class CountedVisit:
    """The visit that counted on a day."""

    at: datetime
    how: str


@dataclass(frozen=True, slots=True)
class Reason:
    """`state` is one of `events.timeline.sentences.STATE_LABELS`."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class BusinessPast:
    """What there is to know about a business's past. `kept_from`: older entries of the send log are gone; `kept_months`: as the owner
    chose. `unread_from` to `unread_until`: what was recorded then may be waiting unseen among more than a page looks through."""

    time_zone: str
    switches: SwitchHistory
    kept_from: date
    kept_months: int
    unread_from: datetime | None = None
    unread_until: datetime | None = None

    def clock(self, moment: datetime, now: datetime) -> str:
        return clock(moment, now, self.time_zone)


def why_not(event: str, at: datetime, past: BusinessPast, now: datetime) -> Reason:
    """Of something that happened and has no message."""
    if event == CANCELED_BY_EMPLOYEE:
        return Reason(
            "no-event", "“Customer Canceled Pickup” is sent only when the customer cancels."
        )
    begins = past.switches.begins
    if begins is None:
        return Reason("not-sent", "The integration has never been set up.")
    if at < begins:
        return Reason(
            "not-sent",
            f"It happened before the integration was set up, {on(begins, past.time_zone, now)}.",
        )
    return _was_off(event, at, past, now) or _lost_sight_of(at, past)


def _was_off(event: str, at: datetime, past: BusinessPast, now: datetime) -> Reason | None:
    if off := past.switches.off("", at):
        return Reason("not-sent", f"The integration {was_off(off, past, now)}.")
    if off := past.switches.off(event, at):
        return Reason("not-sent", f"“{event}” {was_off(off, past, now)}.")
    return None


def _lost_sight_of(at: datetime, past: BusinessPast) -> Reason:
    if at.astimezone(UTC).date() < past.kept_from:
        return Reason(
            "unknown",
            f"What became of it is not known any more: the send log keeps {months(past.kept_months)}.",
        )
    if (
        past.unread_from
        and past.unread_until
        and past.unread_from - LATE <= at <= past.unread_until
    ):
        return Reason(
            "waiting",
            "Probably waiting: so much waits that this page does not look through all of it.",
        )
    return Reason(
        "not-sent",
        "It was not recorded as it happened, as with records that are imported: those make no events.",
    )


def visited_already(
    happened: PastOccurrence, visits: Mapping[date, CountedVisit], past: BusinessPast, now: datetime
) -> str:
    """Why something that is a visit made no “Customer Visit”; empty when it did, or is none."""
    visit = visits.get(local_day(happened.at, past.time_zone)) if happened.visits else None
    if visit is None or visit.at == happened.at:
        return ""
    time = f"{visit.at.astimezone(ZoneInfo(past.time_zone)):%H:%M}"
    return f"It made no “Customer Visit”: the visit of that day was counted at {time}, {visit.how}. A day counts once."


def was_off(off: OffPeriod, past: BusinessPast, now: datetime) -> str:
    if off.until is None:
        return f"has been switched off since {past.clock(off.since, now)}"
    return f"was switched off from {past.clock(off.since, now)} to {past.clock(off.until, now)}"


def on(moment: datetime, time_zone: str, now: datetime) -> str:
    """At 14:05, yesterday at 14:05, or on 3 November at 14:05."""
    return when(moment, now, time_zone)


def months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"
