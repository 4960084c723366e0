"""What the account compares: the committed truth, what arrived, and what the system says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Snapshot:
    """PostgreSQL's view of which transactions were over at some moment."""

    lowest: int
    highest: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "Snapshot":
        """Parse `xmin:xmax:xip,xip`."""
        lowest, highest, running = text.split(":")
        return cls(int(lowest), int(highest), frozenset(map(int, filter(None, running.split(",")))))

    def sees(self, transaction: int) -> bool:
        """Return whether this transaction, which was committed at some time, was so by then."""
        return transaction < self.lowest or (
            transaction < self.highest and transaction not in self.running
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """An occurrence that was committed, with the properties that its message has to have."""

    number: int
    transaction: int
    snapshot: Snapshot
    write_key: str
    user_id: str
    event: str
    subject_id: int
    occurred_at: datetime
    properties: Mapping[str, Any]

    def is_before(self, other: "Truth") -> bool:
        """Return whether this certainly happened before: it was committed when the other began."""
        if self.transaction == other.transaction:
            return self.number < other.number
        return other.snapshot.sees(self.transaction)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that the stand-in accepted, for the first time under this `messageId`."""

    number: int
    at: datetime
    write_key: str
    message: Mapping[str, Any]

    @property
    def message_id(self) -> str:
        return str(self.message["messageId"])

    @property
    def user_id(self) -> str:
        return str(self.message["userId"])

    @property
    def is_identify(self) -> bool:
        return bool(self.message["type"] == "identify")

    @property
    def event(self) -> str:
        return "identify" if self.is_identify else str(self.message["event"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the stand-in answered 400, with the ids of its messages."""

    write_key: str
    at: datetime
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the send log."""

    id: int
    write_key: str
    user_id: str
    brand_id: int
    event: str
    subject_id: int
    message_id: str
    occurred_at: datetime
    sent_at: datetime | None
    settled_at: datetime
    day: date
    outcome: str
    reason: str
    attempts: int
    body: str


@dataclass(frozen=True, slots=True)
class EndState:
    """A customer in the end, with the traits that the last identify has to have."""

    write_key: str
    user_id: str
    traits: Mapping[str, Any]


CountKey = tuple[str, str, str, int, date]
"""Write key, event, outcome, brand and day of a daily count."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the account looks at. The outbox is not in it.

    `resent` are the ids of log rows that an owner has sent again: what came of it is another row.
    `delays` is the sum of the daily delays by write key. `halted` says by write key why a lane is
    halted. `troubles` are sentences of what else must not be: a program that ended by itself, a
    save that failed.
    """

    truths: Sequence[Truth] = ()
    arrivals: Sequence[Arrival] = ()
    refusals: Sequence[Refusal] = ()
    log: Sequence[LogRow] = ()
    resent: frozenset[int] = frozenset()
    customers: Sequence[EndState] = ()
    counts: Mapping[CountKey, int] = field(default_factory=dict)
    delays: Mapping[str, int] = field(default_factory=dict)
    halted: Mapping[str, str] = field(default_factory=dict)
    troubles: Sequence[str] = ()
