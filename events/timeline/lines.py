"""One line for each thing that happened to a customer: what became of it is put beside it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from events.catalogue import CUSTOMER_BIRTHDAY, CUSTOMER_LOST, EVENT_NAMES

Key = tuple[datetime, str, int]
"""When it happened, the event and what it is about: the order of the lines, newest first."""

LINES_PER_PAGE: Final = 50
"""Lines on a page: a weekly customer's last month or two."""
LOG_ENTRIES_READ: Final = 1_000
"""Entries of the send log read for a page. A page needs few; more are read because the log is in the order of sending, and what waited or
was sent again stands out of the order of happening. Where they do not suffice, ten times as many are read."""
WAITING: Final = "waiting"
RECURRING_EVENTS: Final = frozenset({CUSTOMER_LOST, CUSTOMER_BIRTHDAY})
"""Events about the customer, which come again."""


@dataclass(frozen=True, slots=True)
class PastOccurrence:
    """In the business's own records. `about` names the order and so on; `visits`: it is a visit, unless the day has one already."""

    event: str
    subject_id: int
    at: datetime
    about: str = ""
    visits: bool = False

    @property
    def key(self) -> Key:
        return self.at, self.event, self.subject_id

    @property
    def is_event(self) -> bool:
        return self.event in EVENT_NAMES


@dataclass(frozen=True, slots=True)
class MessageEntry:
    """A message that waits (`outcome` is "waiting", `id` that of the outbox, `known_at` when it was recorded) or whose outcome is known."""

    id: int
    event: str
    subject_id: int
    at: datetime
    outcome: str
    known_at: datetime
    message_id: str
    reason: str = ""
    attempts: int = 0

    @property
    def key(self) -> Key:
        return self.at, self.event, self.subject_id


@dataclass(slots=True)
class Line:
    """`entries` newest first: a message that was sent again has several. Without one, nothing was sent of what happened."""

    key: Key
    happened: PastOccurrence | None = None
    entries: list[MessageEntry] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.key[0]

    @property
    def event(self) -> str:
        return self.key[1]


@dataclass(frozen=True, slots=True)
class LinePage:
    """`following` is where the next page goes on; None when this is the last."""

    lines: Sequence[Line]
    following: Key | None = None


def line_page(
    happened: Sequence[PastOccurrence],
    waiting: Iterable[MessageEntry],
    logged: Sequence[MessageEntry],
    most: int,
    looked_at: int,
) -> LinePage | None:
    """`happened`: the newest `most` + 1, newest first. `logged`: the `looked_at` that left last, newest first. None when these are too few,
    as they had all waited together with others."""
    lines = sure = lines_of(happened, [*waiting, *logged])
    if len(logged) >= looked_at:
        # What was not read had left before all that was, so it had also happened before.
        edge = min(entry.known_at for entry in logged)
        sure = [line for line in lines if line.at > edge]
        if not sure:
            return None
    shown = sure[:most]
    return LinePage(
        shown, shown[-1].key if len(lines) > len(shown) or len(logged) >= looked_at else None
    )


def lines_of(happened: Iterable[PastOccurrence], entries: Iterable[MessageEntry]) -> list[Line]:
    """Newest first. A message that left the outbox while the page was being read is shown as what became of it."""
    found: dict[Key, Line] = {one.key: Line(one.key, one) for one in happened}
    by_message = {
        entry.message_id: entry
        for entry in sorted(entries, key=lambda entry: entry.outcome != WAITING)
    }
    of_key: defaultdict[Key, list[MessageEntry]] = defaultdict(list)
    for entry in by_message.values():
        of_key[entry.key].append(entry)
    for key, several in of_key.items():
        line = found.setdefault(key, Line(key))
        line.entries = sorted(several, key=lambda entry: (entry.known_at, entry.id), reverse=True)
    told = {(entry.event, entry.subject_id) for entry in by_message.values()}
    return sorted(
        (line for line in found.values() if not _told_elsewhere(line, told)),
        key=lambda line: line.key,
        reverse=True,
    )


def _told_elsewhere(line: Line, told: set[tuple[str, int]]) -> bool:
    """It has an entry, but under another moment than its record tells now. Of a customer's own events each is another one."""
    return not line.entries and line.event not in RECURRING_EVENTS and line.key[1:] in told
