"""The timeline has one line per occurrence, newest first, on consecutive pages.

The order in which messages were sent does not matter.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.timeline import lines
from events.timeline.lines import (
    LINES_PER_PAGE,
    LOG_ENTRIES_READ,
    Key,
    LinePage,
    MessageEntry,
    PastOccurrence,
)

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
READY, CREATED = "Order Ready", "Order Created"


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def occurrence(minute: int, subject: int = 1, event: str = READY) -> PastOccurrence:
    return PastOccurrence(event, subject, at(minute), f"order {subject}")


def entry(
    number: int,
    minute: int,
    subject: int = 1,
    outcome: str = "accepted",
    sent: int | None = None,
    event: str = READY,
) -> MessageEntry:
    """Return the `number`th entry of the log. `sent` is the minute in which it was sent."""
    return MessageEntry(
        number,
        event,
        subject,
        at(minute),
        outcome,
        at(minute if sent is None else sent),
        f"{number:032x}",
    )


def page(
    records: list[PastOccurrence], waiting: list[MessageEntry], logged: list[MessageEntry]
) -> LinePage:
    result = lines.line_page(records, waiting, logged, LINES_PER_PAGE, LOG_ENTRIES_READ)
    assert result
    return result


def outcomes(result: LinePage) -> list[tuple[str, int, list[str]]]:
    """Return each line's event, subject and outcomes."""
    return [
        (line.event, line.key[2], [entry.outcome for entry in line.entries])
        for line in result.lines
    ]


def test_an_occurrence_and_its_message_are_one_line() -> None:
    records = [occurrence(3, 2), occurrence(1, 1)]
    result = page(records, [entry(9, 3, 2, "waiting")], [entry(1, 1, 1)])
    assert outcomes(result) == [(READY, 2, ["waiting"]), (READY, 1, ["accepted"])]
    assert [line.occurrence.about for line in result.lines if line.occurrence] == [
        "order 2",
        "order 1",
    ]
    assert result.next_key is None


def test_an_occurrence_without_a_message_and_a_message_without_a_record_are_lines() -> None:
    assert outcomes(page([occurrence(3, 2)], [], [entry(1, 1, 1)])) == [
        (READY, 2, []),
        (READY, 1, ["accepted"]),
    ]


def test_a_resent_message_is_in_the_line_of_the_first_and_comes_before_it() -> None:
    logged = [
        entry(7, 1, outcome="accepted", sent=60),
        entry(2, 2, 2),
        entry(1, 1, outcome="rejected"),
    ]
    assert outcomes(page([occurrence(2, 2), occurrence(1)], [], logged)) == [
        (READY, 2, ["accepted"]),
        (READY, 1, ["accepted", "rejected"]),
    ]


def test_a_message_that_is_sent_during_the_read_is_shown_once_with_its_outcome() -> None:
    waiting = MessageEntry(5, READY, 1, at(1), "waiting", at(1), "m")
    logged = MessageEntry(900, READY, 1, at(1), "rejected", at(2), "m")
    assert outcomes(page([occurrence(1)], [waiting], [logged])) == [(READY, 1, ["rejected"])]


def test_a_record_whose_time_was_changed_keeps_its_message() -> None:
    assert outcomes(page([occurrence(5)], [], [entry(1, 1)])) == [(READY, 1, ["accepted"])]


def test_two_lapses_of_a_customer_are_two_lines() -> None:
    lapses = [occurrence(5, 7, "Customer Lost"), occurrence(1, 7, "Customer Lost")]
    assert outcomes(page(lapses, [], [entry(1, 1, 7, event="Customer Lost")])) == [
        ("Customer Lost", 7, []),
        ("Customer Lost", 7, ["accepted"]),
    ]


def test_lines_of_the_same_time_keep_the_order_of_the_database() -> None:
    result = page([occurrence(1, 2), occurrence(1, 1), occurrence(1, 1, CREATED)], [], [])
    assert [line.key[1:] for line in result.lines] == [(READY, 2), (READY, 1), (CREATED, 1)]


PAGE_SIZE = 3

# Each item is a tuple: the minute of the occurrence, its subject, the number of its messages, the
# minutes between two messages, and whether the occurrence still has a record.
histories = st.lists(
    st.tuples(
        st.integers(0, 20), st.integers(1, 4), st.integers(0, 2), st.integers(0, 30), st.booleans()
    ),
    max_size=25,
    unique_by=lambda item: item[:2],
)


@given(histories)
def test_all_pages_together_have_every_line_once_in_order_with_all_its_messages(
    history: list[tuple[int, int, int, int, bool]],
) -> None:
    records = [
        occurrence(minute, subject, "Customer Lost")
        for minute, subject, messages, _, has_record in history
        if has_record or not messages
    ]
    records.sort(key=lambda record: record.key, reverse=True)
    in_order_of_sending: list[tuple[int, int, int]] = sorted(
        (minute + interval * n, minute, subject)
        for minute, subject, messages, interval, _ in history
        for n in range(messages)
    )
    log = [
        entry(n, minute, subject, sent=sent, event="Customer Lost")
        for n, (sent, minute, subject) in enumerate(in_order_of_sending)
    ]
    seen: list[lines.Line] = []
    result = read(records, log, None)
    while result.next_key:
        seen += result.lines
        result = read(records, log, result.next_key)
    seen += result.lines
    keys = [line.key for line in seen]
    assert sorted(keys) == sorted({row.key for row in records} | {row.key for row in log})
    assert keys == sorted(keys, reverse=True)
    assert sum(len(line.entries) for line in seen) == len(log)


def read(
    records: list[PastOccurrence], log: list[MessageEntry], before: Key | None, limit: int = 5
) -> LinePage:
    """Read one page as the SQL statements do, but with small limits."""
    occurrences = [row for row in records if before is None or row.key < before][: PAGE_SIZE + 1]
    logged = [row for row in reversed(log) if before is None or row.key < before][:limit]
    return lines.line_page(occurrences, [], logged, PAGE_SIZE, limit) or read(
        records, log, before, limit * 2
    )
