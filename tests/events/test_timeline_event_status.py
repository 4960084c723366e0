"""The sentences about each event's status for a customer, and about each message's outcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from customers.business_clock import BusinessClock
from events import catalogue
from events.definitions.customer_context import Absence, Birthdays, CountedVisit, CustomerContext
from events.lanes.status import CHOICE_WANTED, DISCARDING, LaneStatus
from events.timeline.event_status import NOT_READ, CustomerFacts, EventStatus, event_statuses
from events.timeline.lines import MessageEntry
from events.timeline.reasons import BusinessPast
from events.timeline.sentences import STATE_LABELS, outcome_sentence, title
from events.timeline.switch_periods import Switched, SwitchHistory

ZONE = "America/Los_Angeles"
CLOCK = BusinessClock(ZONE)
# 24 November 2026, 10:00 in Los Angeles
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READY = "Order Ready"
SWITCHES = SwitchHistory([Switched(NOW - 100 * DAY, "", True)])
UPCOMING = {
    "Customer Lost": "Not lost until then.",
    "Customer Birthday": "Their birthday is soon.",
}


def entry(outcome: str, ago: timedelta = HOUR, **values: Any) -> MessageEntry:
    moment = {"at": NOW - ago, "known_at": NOW - ago + timedelta(seconds=2)}
    return MessageEntry(
        **{
            "id": 7,
            "event": READY,
            "subject_id": 1,
            "outcome": outcome,
            "message_id": "m",
            **moment,
            **values,
        }
    )


def event_status(event: str = READY, *entries: MessageEntry, **values: Any) -> EventStatus:
    switches = values.pop("switches", SWITCHES)
    past = BusinessPast(CLOCK, switches, (NOW - 300 * DAY).date(), 13)
    facts = CustomerFacts(
        **{"entries": entries, "latest": {}, "past": past, "upcoming": UPCOMING, **values}
    )
    return {status.event: status for status in event_statuses(facts, NOW)}[event]


def test_every_event_has_a_status_in_the_order_of_the_catalogue() -> None:
    past = BusinessPast(CLOCK, SWITCHES, NOW.date(), 13)
    statuses = list(event_statuses(CustomerFacts([], {}, past, UPCOMING), NOW))
    assert [status.event for status in statuses] == [event.name for event in catalogue.EVENTS]
    assert [status.last for status in statuses] == [event.not_yet for event in catalogue.EVENTS]
    assert {status.state for status in statuses} == {"nothing"}


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        (entry("accepted"), "Last accepted by Segment at 09:00."),
        (
            entry("rejected", DAY, reason="The message is too large."),
            "Last refused yesterday at 10:00. The message is too large.",
        ),
        (
            entry("skipped", reason="The owner decided."),
            "Last one not sent at 09:00. The owner decided.",
        ),
        (
            entry("expired", 40 * DAY, reason="It waited."),
            "Last expired on 15 Oct 2026, 11:00. It waited.",
        ),
        (
            entry("waiting", reason="Segment could not be reached."),
            "Waiting since it happened at 09:00. Segment could not be reached.",
        ),
    ],
)
def test_the_status_says_the_outcome_of_the_last_message(last: MessageEntry, sentence: str) -> None:
    older = replace(
        last,
        id=1,
        at=last.at - DAY,
        known_at=last.known_at - DAY,
        outcome="accepted",
        message_id="older",
    )
    assert event_status(READY, older, last) == EventStatus(READY, last.outcome, sentence, "", last)


def test_a_resent_message_counts_from_when_it_was_sent_last() -> None:
    again = entry("accepted", DAY, id=9, known_at=NOW - HOUR, message_id="again")
    status = event_status(READY, entry("rejected", DAY), again)
    assert (status.state, status.last) == ("accepted", "Last accepted by Segment at 09:00.")


def test_a_later_occurrence_without_a_message_comes_first() -> None:
    off = SwitchHistory([*SWITCHES.changes, Switched(NOW - 2 * HOUR, READY, False)])
    status = event_status(
        READY,
        entry("accepted", DAY),
        latest={READY: NOW - HOUR},
        switches=off,
        muted=frozenset({READY}),
    )
    assert status == EventStatus(
        READY,
        "not-sent",
        "Last happened at 09:00. “Order Ready” has been switched off since 08:00.",
    )


def test_the_status_also_says_that_the_event_is_switched_off() -> None:
    off = SwitchHistory([*SWITCHES.changes, Switched(NOW - HOUR, READY, False)])
    status = event_status(READY, entry("accepted", DAY), switches=off, muted=frozenset({READY}))
    assert (status.last, status.next) == (
        "Last accepted by Segment yesterday at 10:00.",
        "This event has been switched off since 09:00.",
    )


def test_an_occurrence_older_than_the_entries_read_has_an_unknown_outcome() -> None:
    status = event_status(READY, latest={READY: NOW - 9 * DAY}, read_from=NOW - DAY)
    assert (status.state, status.last) == (
        "unknown",
        f"Last happened on 15 Nov 2026, 10:00. {NOT_READ}",
    )
    assert event_status("Customer Birthday", read_from=NOW - DAY).last == NOT_READ
    assert event_status(READY, latest={READY: NOW - HOUR}, read_from=NOW - DAY).state == "not-sent"


def test_an_occurrence_older_than_the_send_log_has_an_unknown_outcome() -> None:
    long_ago = SwitchHistory([Switched(NOW - 900 * DAY, "", True)])
    status = event_status(
        "New Customer Signup",
        latest={"New Customer Signup": NOW - 500 * DAY},
        switches=long_ago,
    )
    sentence = (
        "Last happened on 12 Jul 2025, 11:00. "
        "We no longer know whether it was sent: the send log is kept for 13 months."
    )
    assert (status.state, status.last) == ("unknown", sentence)


def test_the_status_of_visits_shows_today_s_counted_visit() -> None:
    absence = Absence(NOW - HOUR, True, "weekly", 14)
    visit = CountedVisit(NOW - HOUR, "by a driver")
    context = CustomerContext(1, CLOCK, NOW, absence, Birthdays(None), visit)
    assert catalogue.BY_NAME["Customer Visit"].upcoming(context) == (
        "Today's visit was counted at 09:00, by a driver. "
        "A day counts once, so the next visit counts from tomorrow on."
    )


def test_the_status_of_a_swept_event_says_what_comes_next() -> None:
    assert [event_status(event).next for event in UPCOMING] == list(UPCOMING.values())


def test_an_integration_that_is_switched_off_comes_first_for_every_event() -> None:
    off = SwitchHistory([*SWITCHES.changes, Switched(NOW - DAY, "", False)])
    muted = frozenset({READY})
    for event in (READY, "Customer Lost", "Customer Visit"):
        status = event_status(event, switches=off, is_off=True, muted=muted)
        assert (
            status.next
            == "Nothing is sent: the integration has been switched off since yesterday 10:00."
        )
    assert (
        event_status(READY, switches=SwitchHistory([]), is_off=True).next
        == "Nothing is sent: the integration is switched off."
    )


def lane_status(**values: Any) -> LaneStatus:
    return LaneStatus(
        **{
            "business_id": 1,
            "time_zone": ZONE,
            "enabled": True,
            "has_key": True,
            "waiting": 3,
            **values,
        }
    )


@pytest.mark.parametrize(
    ("message", "lane", "sentence"),
    [
        (entry("accepted"), lane_status(), "Accepted by Segment at 09:00."),
        (
            entry("accepted", known_at=NOW),
            lane_status(),
            "Accepted by Segment at 10:00, 1 hour after it happened.",
        ),
        (
            entry("rejected", reason="Segment refused it."),
            lane_status(),
            "Refused at 09:00. Segment refused it.",
        ),
        (
            entry("skipped", reason="Nothing changed."),
            lane_status(),
            "Not sent at 09:00. Nothing changed.",
        ),
        (
            entry("expired", reason="It waited for 30 days."),
            lane_status(),
            "Expired at 09:00. It waited for 30 days.",
        ),
        (entry("waiting"), lane_status(), "It is being sent."),
        (
            entry("waiting"),
            lane_status(enabled=False),
            (
                "It has been waiting since before the integration was switched off. When you "
                "switch on, we ask you what to do with it."
            ),
        ),
        (
            entry("waiting"),
            lane_status(stopped="Segment refused the write key. Copy it again."),
            "It is waiting because sending has stopped. The settings say what to do.",
        ),
        (
            entry("waiting"),
            lane_status(stopped=CHOICE_WANTED),
            "It is waiting for your choice about events from before you switched on.",
        ),
        (
            entry("waiting"),
            lane_status(stopped=DISCARDING),
            "It is waiting while old events are being discarded.",
        ),
        (
            entry("waiting", attempts=1, reason="Segment could not be reached."),
            lane_status(last_error="Segment could not be reached."),
            "It is waiting to be tried again. Tried once. Segment could not be reached.",
        ),
        (
            entry("waiting", attempts=12),
            lane_status(last_error="x"),
            "It is waiting to be tried again. Tried 12 times.",
        ),
    ],
)
def test_a_message_s_outcome_is_a_sentence(
    message: MessageEntry, lane: LaneStatus, sentence: str
) -> None:
    assert outcome_sentence(message, lane, NOW) == sentence
    assert message.outcome in STATE_LABELS


def test_an_identify_has_the_title_customer_details() -> None:
    assert [title("identify"), title(READY)] == ["Customer details", READY]
