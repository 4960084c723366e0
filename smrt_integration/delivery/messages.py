"""The messages of one round, per business, each with the outbox row that it was built from."""

from dataclasses import dataclass, field
from typing import Any

from events.outbox.rows import AcceptedIdentify, OutboxRow, SettledMessage
from smrt_integration.delivery.claim import ClaimedLane


@dataclass(frozen=True, slots=True)
class BuiltMessage:
    """A message ready to be posted.

    `fields` is the message itself, `size` its size on the wire in bytes, `body` what the send log
    keeps of it. An identify has `accepted_identify`: what to remember once Segment accepted it.
    """

    row: OutboxRow
    fields: dict[str, Any]
    size: int
    body: str
    accepted_identify: AcceptedIdentify | None = None


@dataclass(slots=True)
class LaneMessages:
    """One business's part of a round.

    `settled` needs no POST. `postponed` waits for its customer's identify, which a save holds
    locked. `has_more` says that more rows may wait than were loaded.
    """

    lane: ClaimedLane
    identifies: list[BuiltMessage] = field(default_factory=list)
    tracks: list[BuiltMessage] = field(default_factory=list)
    settled: list[SettledMessage] = field(default_factory=list)
    postponed: list[OutboxRow] = field(default_factory=list)
    has_more: bool = False

    @property
    def to_post(self) -> list[BuiltMessage]:
        """Identifies before tracks, as they are posted."""
        return self.identifies + self.tracks

    @property
    def count(self) -> int:
        return len(self.identifies) + len(self.tracks)
