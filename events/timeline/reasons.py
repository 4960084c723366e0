"""Why something that happened was not sent, in an owner's words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from customers.business_clock import BusinessClock
from events.catalogue import LOOK_ALIKES
from events.definitions.customer_context import CountedVisit
from events.time_in_words import counted
from events.timeline.lines import PastOccurrence
from events.timeline.switch_periods import OffPeriod, SwitchHistory

RECORDING_DELAY: Final = timedelta(hours=1)
"""How late an occurrence may be recorded, for example when a driver's phone had no network."""


@dataclass(frozen=True, slots=True)
class Reason:
    """`state` is a key of `events.timeline.sentences.STATE_LABELS`."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class BusinessPast:
    """What the page has read about a business's past.

    `kept_from` is the first day for which the send log still has entries, `kept_months` how many
    months the owner keeps it. Messages recorded from `unread_from` to `unread_until` may wait in
    the outbox without having been read: more wait than a page reads.
    """

    clock: BusinessClock
    switches: SwitchHistory
    kept_from: date
    kept_months: int
    unread_from: datetime | None = None
    unread_until: datetime | None = None


def why_not(event: str, at: datetime, past: BusinessPast, now: datetime) -> Reason:
    """Return why an occurrence has no message."""
    if event in LOOK_ALIKES:
        return Reason("no-event", LOOK_ALIKES[event].reason)
    begins = past.switches.begins
    if begins is None:
        return Reason("not-sent", "The integration has never been set up.")
    if at < begins:
        set_up = past.clock.when(begins, now)
        return Reason("not-sent", f"It happened before the integration was set up, {set_up}.")
    return _off_reason(event, at, past, now) or _no_message_reason(at, past)


def _off_reason(event: str, at: datetime, past: BusinessPast, now: datetime) -> Reason | None:
    if off := past.switches.off_period("", at):
        return Reason("not-sent", f"The integration {off_in_words(off, past, now)}.")
    if off := past.switches.off_period(event, at):
        return Reason("not-sent", f"“{event}” {off_in_words(off, past, now)}.")
    return None


def _no_message_reason(at: datetime, past: BusinessPast) -> Reason:
    if at.astimezone(UTC).date() < past.kept_from:
        retention = counted(past.kept_months, "month")
        return Reason(
            "unknown",
            f"We no longer know whether it was sent: the send log is kept for {retention}.",
        )
    if _may_be_unread(at, past):
        return Reason(
            "waiting",
            "It is probably waiting. More messages are waiting than this page can search.",
        )
    return Reason(
        "not-sent",
        "It was not recorded when it happened. Imported records, for example, make no events.",
    )


def _may_be_unread(at: datetime, past: BusinessPast) -> bool:
    """Return whether the message may wait among more than the page reads."""
    if past.unread_from is None or past.unread_until is None:
        return False
    return past.unread_from - RECORDING_DELAY <= at <= past.unread_until


def why_no_visit(
    occurrence: PastOccurrence,
    visits: Mapping[date, CountedVisit],
    past: BusinessPast,
    now: datetime,
) -> str:
    """Return why something that counts as a visit made no “Customer Visit”; "" when it made one."""
    if not occurrence.is_visit:
        return ""
    visit = visits.get(past.clock.day_of(occurrence.at))
    if visit is None or visit.at == occurrence.at:
        return ""
    time = past.clock.time(visit.at)
    return (
        "It made no visit event, because a day counts once: "
        f"that day's visit was counted at {time}, {visit.how}."
    )


def off_in_words(off: OffPeriod, past: BusinessPast, now: datetime) -> str:
    since = past.clock.recent(off.since, now)
    if off.until is None:
        return f"has been switched off since {since}"
    return f"was switched off from {since} to {past.clock.recent(off.until, now)}"
