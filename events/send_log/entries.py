"""Entries of the send log as they are read."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID


class LogEntry(NamedTuple):
    """A row of the send log, without what was sent."""

    id: int
    business_id: int
    customer_id: int
    brand_id: int
    user_id: UUID
    event: str
    subject_id: int
    message_id: str
    occurred_at: datetime
    sent_at: datetime | None
    settled_at: datetime
    outcome: str
    reason: str
    attempts: int

    @property
    def position(self) -> "LogPosition":
        return LogPosition(self.settled_at, self.id)


class LogPosition(NamedTuple):
    """The entry at which a page begins or ends."""

    settled_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.settled_at.isoformat()}_{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the position that `str` wrote, None when the text is no position."""
        moment, _, row_id = text.partition("_")
        try:
            position = cls(datetime.fromisoformat(moment), int(row_id))
        except ValueError:
            return None
        return position if position.settled_at.tzinfo and 0 <= position.id < 2**63 else None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries. `more`: further ones follow in this direction. `cut`: the scan ended early."""

    entries: list[LogEntry]
    more: bool = False
    cut: bool = False
