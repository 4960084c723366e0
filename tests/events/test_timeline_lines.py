"""One line for each thing that happened, newest first, page after page, whatever the order in which
messages left.
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


def happened(minute: int, subject: int = 1, event: str = READY) -> PastOccurrence:
    return PastOccurrence(event, subject, at(minute), f"order {subject}")


def entry(
    number: int,
    minute: int,
    subject: int = 1,
    outcome: str = "accepted",
    left: int | None = None,
    event: str = READY,
) -> MessageEntry:
    """The `number`th that left; `left` is the minute in which it did."""
    return MessageEntry(
        number,
        event,
        subject,
        at(minute),
        outcome,
        at(minute if left is None else left),
        f"{number:032x}",
    )


def page(
    records: list[PastOccurrence], waiting: list[MessageEntry], logged: list[MessageEntry]
) -> LinePage:
    found = lines.line_page(records, waiting, logged, LINES_PER_PAGE, LOG_ENTRIES_READ)
    assert found
    return found


def told(found: LinePage) -> list[tuple[str, int, list[str]]]:
    return [
        (line.event, line.key[2], [entry.outcome for entry in line.entries]) for line in found.lines
    ]


def test_what_happened_and_what_became_of_it_are_one_line() -> None:
    found = page([happened(3, 2), happened(1, 1)], [entry(9, 3, 2, "waiting")], [entry(1, 1, 1)])
    assert told(found) == [(READY, 2, ["waiting"]), (READY, 1, ["accepted"])]
    assert [line.occurrence.about for line in found.lines if line.occurrence] == [
        "order 2",
        "order 1",
    ]
    assert found.next_key is None


def test_what_happened_without_a_message_is_a_line_and_so_is_a_message_whose_record_is_gone() -> (
    None
):
    assert told(page([happened(3, 2)], [], [entry(1, 1, 1)])) == [
        (READY, 2, []),
        (READY, 1, ["accepted"]),
    ]


def test_a_message_sent_again_stands_with_the_first_the_newest_first() -> None:
    logged = [
        entry(7, 1, outcome="accepted", left=60),
        entry(2, 2, 2),
        entry(1, 1, outcome="rejected"),
    ]
    assert told(page([happened(2, 2), happened(1)], [], logged)) == [
        (READY, 2, ["accepted"]),
        (READY, 1, ["accepted", "rejected"]),
    ]


def test_a_message_that_left_while_the_page_was_read_is_told_once_as_what_became_of_it() -> None:
    waits = MessageEntry(5, READY, 1, at(1), "waiting", at(1), "m")
    left = MessageEntry(900, READY, 1, at(1), "rejected", at(2), "m")
    assert told(page([happened(1)], [waits], [left])) == [(READY, 1, ["rejected"])]


def test_a_record_whose_moment_was_changed_is_not_said_to_be_without_a_message() -> None:
    assert told(page([happened(5)], [], [entry(1, 1)])) == [(READY, 1, ["accepted"])]


def test_two_lapses_of_a_customer_are_two() -> None:
    lapses = [happened(5, 7, "Customer Lost"), happened(1, 7, "Customer Lost")]
    assert told(page(lapses, [], [entry(1, 1, 7, event="Customer Lost")])) == [
        ("Customer Lost", 7, []),
        ("Customer Lost", 7, ["accepted"]),
    ]


def test_at_the_same_moment_the_order_is_that_of_the_database() -> None:
    found = page([happened(1, 2), happened(1, 1), happened(1, 1, CREATED)], [], [])
    assert [line.key[1:] for line in found.lines] == [(READY, 2), (READY, 1), (CREATED, 1)]


MOST = 3

things = st.lists(
    # when it happened, what it is about; how many messages, and how much later the last one left;
    # known here or only by its messages
    st.tuples(
        st.integers(0, 20), st.integers(1, 4), st.integers(0, 2), st.integers(0, 30), st.booleans()
    ),
    max_size=25,
    unique_by=lambda thing: thing[:2],
)


@given(things)
def test_page_after_page_every_line_comes_once_with_all_its_messages_and_in_order(
    made: list[tuple[int, int, int, int, bool]],
) -> None:
    records = [
        happened(minute, subject, "Customer Lost")
        for minute, subject, sent, _, known in made
        if known or not sent
    ]
    records.sort(key=lambda one: one.key, reverse=True)
    departures: list[tuple[int, int, int]] = sorted(
        (minute + late * n, minute, subject)
        for minute, subject, sent, late, _ in made
        for n in range(sent)
    )
    log = [
        entry(n, minute, subject, left=left, event="Customer Lost")
        for n, (left, minute, subject) in enumerate(departures)
    ]
    seen: list[lines.Line] = []
    found = read(records, log, None)
    while found.next_key:
        seen += found.lines
        found = read(records, log, found.next_key)
    seen += found.lines
    keys = [line.key for line in seen]
    assert sorted(keys) == sorted({one.key for one in records} | {one.key for one in log})
    assert keys == sorted(keys, reverse=True)
    assert sum(len(line.entries) for line in seen) == len(log)


def read(
    records: list[PastOccurrence], log: list[MessageEntry], before: Key | None, looked_at: int = 5
) -> LinePage:
    """As the statements do, but with small numbers."""
    happenings = [one for one in records if before is None or one.key < before][: MOST + 1]
    logged = [one for one in reversed(log) if before is None or one.key < before][:looked_at]
    return lines.line_page(happenings, [], logged, MOST, looked_at) or read(
        records, log, before, looked_at * 2
    )
