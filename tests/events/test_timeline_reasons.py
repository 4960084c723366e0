"""The sentences that say why an occurrence has no message."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.business_clock import BusinessClock
from events import catalogue
from events.definitions.customer_context import CountedVisit
from events.timeline.lines import PastOccurrence
from events.timeline.reasons import (
    BusinessPast,
    Reason,
    why_no_visit,
    why_not,
)
from events.timeline.switch_periods import OffPeriod, Switched, SwitchHistory

CLOCK = BusinessClock("America/Los_Angeles")
# a Tuesday, 10:00 in Los Angeles
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SET_UP = NOW - 100 * DAY


def past(
    *changes: Switched,
    kept_months: int = 13,
    unread: tuple[datetime, datetime] | tuple[None, None] = (None, None),
) -> BusinessPast:
    kept_from = date(2025, 10, 1) if kept_months == 13 else date(2026, 10, 1)
    return BusinessPast(CLOCK, SwitchHistory(changes), kept_from, kept_months, *unread)


ON = Switched(SET_UP, "", True)
READY = "Order Ready"


@pytest.mark.parametrize(
    ("ago", "business_past", "reason"),
    [
        (HOUR, past(), Reason("not-sent", "The integration has never been set up.")),
        (
            101 * DAY,
            past(ON),
            Reason(
                "not-sent", "It happened before the integration was set up, on 16 Aug 2026, 11:00."
            ),
        ),
        (
            2 * HOUR,
            past(Switched(NOW - HOUR, "", True)),
            Reason("not-sent", "It happened before the integration was set up, at 09:00."),
        ),
        (
            HOUR,
            past(Switched(SET_UP, "", False)),
            Reason("not-sent", "The integration has been switched off since 16 Aug 2026, 11:00."),
        ),
        (
            3 * DAY,
            past(ON, Switched(NOW - 5 * DAY, "", False), Switched(NOW - DAY, "", True)),
            Reason(
                "not-sent",
                "The integration was switched off from 19 Nov 2026, 10:00 to yesterday 10:00.",
            ),
        ),
        (
            HOUR,
            past(ON, Switched(NOW - 5 * DAY, READY, False)),
            Reason("not-sent", "“Order Ready” has been switched off since 19 Nov 2026, 10:00."),
        ),
        (
            3 * HOUR,
            past(ON, Switched(NOW - 4 * HOUR, READY, False), Switched(NOW - 2 * HOUR, READY, True)),
            Reason("not-sent", "“Order Ready” was switched off from 06:00 to 08:00."),
        ),
        (
            60 * DAY,
            past(ON, kept_months=1),
            Reason(
                "unknown",
                "We no longer know whether it was sent: the send log is kept for 1 month.",
            ),
        ),
        (
            HOUR,
            past(ON, unread=(NOW - DAY, NOW - HOUR / 2)),
            Reason(
                "waiting",
                "It is probably waiting. More messages are waiting than this page can search.",
            ),
        ),
        (
            HOUR,
            past(ON),
            Reason(
                "not-sent",
                (
                    "It was not recorded when it happened. Imported records, for example, make "
                    "no events."
                ),
            ),
        ),
    ],
)
def test_the_reason_follows_from_the_switches_and_the_send_log(
    ago: timedelta, business_past: BusinessPast, reason: Reason
) -> None:
    assert why_not(READY, NOW - ago, business_past, NOW) == reason


def test_switched_off_is_the_reason_even_for_occurrences_older_than_the_send_log() -> None:
    muted = past(ON, Switched(SET_UP, READY, False), kept_months=1)
    assert (
        why_not(READY, NOW - 60 * DAY, muted, NOW).text
        == "“Order Ready” has been switched off since 16 Aug 2026, 11:00."
    )


def test_the_integration_s_switch_counts_before_the_event_s() -> None:
    both = past(ON, Switched(NOW - DAY, READY, False), Switched(NOW - DAY, "", False))
    assert (
        why_not(READY, NOW - HOUR, both, NOW).text
        == "The integration has been switched off since yesterday 10:00."
    )


def test_another_event_s_switch_does_not_count() -> None:
    muted = past(ON, Switched(NOW - DAY, "Order Created", False))
    assert why_not(READY, NOW - HOUR, muted, NOW).state == "not-sent"
    assert "switched off" not in why_not(READY, NOW - HOUR, muted, NOW).text


def test_an_employee_s_cancellation_is_no_event_with_any_switches() -> None:
    reason = Reason(
        "no-event", "“Customer Canceled Pickup” is sent only when the customer cancels."
    )
    assert (
        why_not("Pickup canceled by an employee", NOW, past(), NOW)
        == reason
        == why_not("Pickup canceled by an employee", NOW, past(ON), NOW)
    )
    assert "Pickup canceled by an employee" not in catalogue.EVENT_NAMES


VISITS = {date(2026, 11, 24): CountedVisit(NOW - 2 * HOUR, "in a store")}


@pytest.mark.parametrize(
    ("at", "is_visit", "note"),
    [
        (
            NOW,
            True,
            (
                "It made no visit event, because a day counts once: that day's visit was counted "
                "at 08:00, in a store."
            ),
        ),
        (NOW - 2 * HOUR, True, ""),
        (NOW, False, ""),
        # the same day in UTC, but not in Los Angeles
        (NOW - 12 * HOUR, True, ""),
    ],
)
def test_a_second_visit_of_a_day_has_a_note_about_the_one_that_counted(
    at: datetime, is_visit: bool, note: str
) -> None:
    occurrence = PastOccurrence("Order Returned", 1, at, is_visit=is_visit)
    assert why_no_visit(occurrence, VISITS, past(ON), NOW) == note


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "at 10:00"),
        (NOW - DAY, "yesterday at 10:00"),
        (NOW - 21 * DAY, "on 3 Nov 2026, 10:00"),
        (NOW - 700 * DAY, "on 24 Dec 2024, 10:00"),
    ],
)
def test_a_time_is_written_in_words(moment: datetime, words: str) -> None:
    assert CLOCK.when(moment, NOW) == words


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from(["", READY]), st.booleans()), max_size=12
    ),
    st.integers(-1, 31),
)
def test_the_last_switch_before_a_time_decides_whether_it_is_off(
    changes: list[tuple[int, str, bool]], moment: int
) -> None:
    history = sorted(changes, key=lambda change: change[0])
    switches = SwitchHistory(
        [Switched(NOW + hours * HOUR, event, on) for hours, event, on in history]
    )
    at = NOW + moment * HOUR
    for event in ("", READY):
        states = [on for hours, name, on in history if name == event and hours <= moment]
        off = switches.off_period(event, at)
        assert (off is not None) == (bool(states) and not states[-1])
        if off:
            assert off.since <= at
            assert off.until is None or off.until > at


def test_switching_off_twice_is_one_period() -> None:
    off = SwitchHistory(
        [
            Switched(NOW + hours * HOUR, "", on)
            for hours, on in ((0, True), (1, False), (2, False), (5, True))
        ]
    )
    assert [off.off_period("", NOW + hours * HOUR) for hours in (0, 1, 3, 5)] == [
        None,
        *[OffPeriod(NOW + HOUR, NOW + 5 * HOUR)] * 2,
        None,
    ]
