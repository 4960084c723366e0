"""One line for each occurrence, with the messages that were sent about it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from events.catalogue import EVENT_NAMES, RECURRING_EVENTS

Key = tuple[datetime, str, int]
"""The moment, the event and the row it is about: lines are ordered by it, newest first."""

LINES_PER_PAGE: Final = 50
"""The last month or two of a weekly customer."""
LOG_ENTRIES_READ: Final = 1_000
"""Entries of the send log read for a page.

A page needs few. The log is in the order of sending, and what waited or was resent is out of the
order in which things happened, so more are read. Where they do not suffice, ten times as many are
read.
"""
WAITING: Final = "waiting"
"""The outcome of a message that is still in the outbox."""


@dataclass(frozen=True, slots=True)
class PastOccurrence:
    """An occurrence in the business's own records.

    `about` says which row it is about. `is_visit`: it counts as a visit, unless the day has one.
    """

    event: str
    subject_id: int
    at: datetime
    about: str = ""
    is_visit: bool = False

    @property
    def key(self) -> Key:
        return self.at, self.event, self.subject_id

    @property
    def is_event(self) -> bool:
        return self.event in EVENT_NAMES


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """A message, in the outbox (`outcome` is "waiting") or in the send log.

    `id` is the row's id in that table. `known_at` is when it was recorded, or when its outcome was
    known. `is_held`: it waits until Segment accepts the customer's details.
    """

    id: int
    event: str
    subject_id: int
    at: datetime
    outcome: str
    known_at: datetime
    message_id: str
    reason: str = ""
    attempts: int = 0
    is_held: bool = False

    @property
    def key(self) -> Key:
        return self.at, self.event, self.subject_id


@dataclass(slots=True)
class Line:
    """An occurrence and its messages, newest first; a message that was resent has several entries.

    Without entries, nothing was sent about it. Without an occurrence, its record is gone.
    """

    key: Key
    occurrence: PastOccurrence | None = None
    entries: list[MessageEntry] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.key[0]

    @property
    def event(self) -> str:
        return self.key[1]


@dataclass(frozen=True, slots=True)
class LinePage:
    """`next_key` is where the next page begins; None when this page is the last."""

    lines: Sequence[Line]
    next_key: Key | None = None


def line_page(
    occurrences: Sequence[PastOccurrence],
    waiting: Iterable[MessageEntry],
    logged: Sequence[MessageEntry],
    most: int,
    log_limit: int,
) -> LinePage | None:
    """Return a page of at most `most` lines.

    `occurrences` are the newest `most` + 1, newest first; `logged` the `log_limit` entries that
    left last. Returns None when these entries are too few to be sure of a single line.
    """
    lines = certain = lines_of(occurrences, [*waiting, *logged])
    if len(logged) >= log_limit:
        # Entries that were not read left before all that were, so they also happened before.
        edge = min(entry.known_at for entry in logged)
        certain = [line for line in lines if line.at > edge]
        if not certain:
            return None
    page = certain[:most]
    has_more = len(lines) > len(page) or len(logged) >= log_limit
    return LinePage(page, page[-1].key if has_more else None)


def lines_of(occurrences: Iterable[PastOccurrence], entries: Iterable[MessageEntry]) -> list[Line]:
    """Return the lines, newest first.

    A message that left the outbox while the page was read is in both tables; the send log counts.
    """
    lines = {occurrence.key: Line(occurrence.key, occurrence) for occurrence in occurrences}
    by_message = {
        entry.message_id: entry
        for entry in sorted(entries, key=lambda entry: entry.outcome != WAITING)
    }
    by_key: defaultdict[Key, list[MessageEntry]] = defaultdict(list)
    for entry in by_message.values():
        by_key[entry.key].append(entry)
    for key, own in by_key.items():
        line = lines.setdefault(key, Line(key))
        line.entries = sorted(own, key=lambda entry: (entry.known_at, entry.id), reverse=True)
    with_message = {(entry.event, entry.subject_id) for entry in by_message.values()}
    return sorted(
        (line for line in lines.values() if not _has_line_elsewhere(line, with_message)),
        key=lambda line: line.key,
        reverse=True,
    )


def _has_line_elsewhere(line: Line, with_message: set[tuple[str, int]]) -> bool:
    """Return whether the line's message is listed under another moment than its record has now.

    A recurring event is another occurrence each time.
    """
    return not line.entries and line.event not in RECURRING_EVENTS and line.key[1:] in with_message
