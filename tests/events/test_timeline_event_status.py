"""Where each event stands for a customer, and what became of a message, word for word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events import catalogue
from events.definitions.customer_context import Absence, Birthdays, CountedVisit, CustomerContext
from events.lanes.status import CHOICE_WANTED, DISCARDING, LaneStatus
from events.timeline.event_status import NOT_READ, CustomerFacts, EventStatus, event_statuses
from events.timeline.lines import MessageEntry
from events.timeline.reasons import BusinessPast
from events.timeline.sentences import STATE_LABELS, outcome_sentence, title
from events.timeline.switch_periods import Switched, SwitchHistory

ZONE = "America/Los_Angeles"
# 24 November 2026, 10:00 in Los Angeles
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READY = "Order Ready"
SWITCHES = SwitchHistory([Switched(NOW - 100 * DAY, "", True)])
UPCOMING = {
    "Customer Lost": "Not lost until then.",
    "Customer Birthday": "Their birthday is soon.",
}


def entry(outcome: str, ago: timedelta = HOUR, **known: Any) -> MessageEntry:
    moment = {"at": NOW - ago, "known_at": NOW - ago + timedelta(seconds=2)}
    return MessageEntry(
        **{
            "id": 7,
            "event": READY,
            "subject_id": 1,
            "outcome": outcome,
            "message_id": "m",
            **moment,
            **known,
        }
    )


def stand(event: str = READY, *entries: MessageEntry, **known: Any) -> EventStatus:
    switches = known.pop("switches", SWITCHES)
    past = BusinessPast(ZONE, switches, (NOW - 300 * DAY).date(), 13)
    found = CustomerFacts(
        **{"entries": entries, "latest": {}, "past": past, "upcoming": UPCOMING, **known}
    )
    return {one.event: one for one in event_statuses(found, NOW)}[event]


def test_every_event_has_a_status_in_the_order_of_the_catalogue() -> None:
    found = list(
        event_statuses(
            CustomerFacts([], {}, BusinessPast(ZONE, SWITCHES, NOW.date(), 13), UPCOMING), NOW
        )
    )
    assert [one.event for one in found] == [event.name for event in catalogue.EVENTS]
    assert [one.last for one in found] == [event.not_yet for event in catalogue.EVENTS]
    assert {one.state for one in found} == {"nothing"}


@pytest.mark.parametrize(
    ("last", "told"),
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
            "Last expired on 15 October at 11:00. It waited.",
        ),
        (
            entry("waiting", reason="Segment could not be reached."),
            "Waiting since it happened at 09:00. Segment could not be reached.",
        ),
    ],
)
def test_what_became_of_the_last(last: MessageEntry, told: str) -> None:
    older = replace(
        last,
        id=1,
        at=last.at - DAY,
        known_at=last.known_at - DAY,
        outcome="accepted",
        message_id="older",
    )
    assert stand(READY, older, last) == EventStatus(READY, last.outcome, told, "", last)


def test_a_message_sent_again_counts_by_when_it_left_last() -> None:
    again = entry("accepted", DAY, id=9, known_at=NOW - HOUR, message_id="again")
    found = stand(READY, entry("rejected", DAY), again)
    assert (found.state, found.last) == ("accepted", "Last accepted by Segment at 09:00.")


def test_what_happened_since_without_a_message_comes_first() -> None:
    off = SwitchHistory([*SWITCHES.changes, Switched(NOW - 2 * HOUR, READY, False)])
    found = stand(
        READY,
        entry("accepted", DAY),
        latest={READY: NOW - HOUR},
        switches=off,
        muted=frozenset({READY}),
    )
    assert found == EventStatus(
        READY,
        "not-sent",
        "Last happened at 09:00. “Order Ready” has been switched off since 08:00.",
    )


def test_what_was_switched_off_after_the_last_one_is_told_besides() -> None:
    off = SwitchHistory([*SWITCHES.changes, Switched(NOW - HOUR, READY, False)])
    found = stand(READY, entry("accepted", DAY), switches=off, muted=frozenset({READY}))
    assert (found.last, found.next) == (
        "Last accepted by Segment yesterday at 10:00.",
        "This event has been switched off since 09:00.",
    )


def test_what_is_further_back_than_was_read_is_not_said_to_be_unsent() -> None:
    told = NOT_READ
    found = stand(READY, latest={READY: NOW - 9 * DAY}, read_from=NOW - DAY)
    assert (found.state, found.last) == (
        "unknown",
        f"Last happened on 15 November at 10:00. {told}",
    )
    assert stand("Customer Birthday", read_from=NOW - DAY).last == told
    assert stand(READY, latest={READY: NOW - HOUR}, read_from=NOW - DAY).state == "not-sent"


def test_what_the_log_no_longer_keeps_is_not_said_to_be_unsent() -> None:
    long_ago = SwitchHistory([Switched(NOW - 900 * DAY, "", True)])
    found = stand(
        "New Customer Signup",
        latest={"New Customer Signup": NOW - 500 * DAY},
        switches=long_ago,
    )
    told = (
        "Last happened on 12 July 2025 at 11:00. "
        "We no longer know whether it was sent: the send log is kept for 13 months."
    )
    assert (found.state, found.last) == ("unknown", told)


def test_today_s_visit_is_shown_as_the_one_that_counted() -> None:
    absence = Absence(NOW - HOUR, True, "weekly", 14)
    visit = CountedVisit(NOW - HOUR, "by a driver")
    context = CustomerContext(1, ZONE, NOW, absence, Birthdays(None), visit)
    assert catalogue.BY_NAME["Customer Visit"].upcoming(context) == (
        "Today's visit was counted at 09:00, by a driver. "
        "A day counts once, so the next visit counts from tomorrow on."
    )


def test_what_comes_by_itself_is_told() -> None:
    assert [stand(event).next for event in UPCOMING] == list(UPCOMING.values())


def test_switched_off_is_told_of_every_event_before_anything_else() -> None:
    off = SwitchHistory([*SWITCHES.changes, Switched(NOW - DAY, "", False)])
    muted = frozenset({READY})
    for event in (READY, "Customer Lost", "Customer Visit"):
        found = stand(event, switches=off, is_off=True, muted=muted)
        assert (
            found.next
            == "Nothing is sent: the integration has been switched off since yesterday 10:00."
        )
    assert (
        stand(READY, switches=SwitchHistory([]), is_off=True).next
        == "Nothing is sent: the integration is switched off."
    )


def standing(**known: Any) -> LaneStatus:
    return LaneStatus(
        **{
            "business_id": 1,
            "time_zone": ZONE,
            "enabled": True,
            "has_key": True,
            "waiting": 3,
            **known,
        }
    )


@pytest.mark.parametrize(
    ("message", "how", "told"),
    [
        (entry("accepted"), standing(), "Accepted by Segment at 09:00."),
        (
            entry("accepted", known_at=NOW),
            standing(),
            "Accepted by Segment at 10:00, 1 hour after it happened.",
        ),
        (
            entry("rejected", reason="Segment refused it."),
            standing(),
            "Refused at 09:00. Segment refused it.",
        ),
        (
            entry("skipped", reason="Nothing changed."),
            standing(),
            "Not sent at 09:00. Nothing changed.",
        ),
        (
            entry("expired", reason="It waited for 30 days."),
            standing(),
            "Expired at 09:00. It waited for 30 days.",
        ),
        (entry("waiting"), standing(), "It is being sent."),
        (
            entry("waiting"),
            standing(enabled=False),
            (
                "It has been waiting since before the integration was switched off. When you "
                "switch on, we ask you what to do with it."
            ),
        ),
        (
            entry("waiting"),
            standing(stopped="Segment refused the write key. Copy it again."),
            "It is waiting because sending has stopped. The settings say what to do.",
        ),
        (
            entry("waiting"),
            standing(stopped=CHOICE_WANTED),
            "It is waiting for your choice about events from before you switched on.",
        ),
        (
            entry("waiting"),
            standing(stopped=DISCARDING),
            "It is waiting while old events are being discarded.",
        ),
        (
            entry("waiting", attempts=1, reason="Segment could not be reached."),
            standing(last_error="Segment could not be reached."),
            "It is waiting to be tried again. Tried once. Segment could not be reached.",
        ),
        (
            entry("waiting", attempts=12),
            standing(last_error="x"),
            "It is waiting to be tried again. Tried 12 times.",
        ),
    ],
)
def test_what_became_of_a_message(message: MessageEntry, how: LaneStatus, told: str) -> None:
    assert outcome_sentence(message, how, NOW) == told
    assert message.outcome in STATE_LABELS


def test_an_identify_is_called_by_what_it_is_about() -> None:
    assert [title("identify"), title(READY)] == ["Customer details", READY]
