"""What is on its way: messages with the rows they come from, per business."""

from dataclasses import dataclass, field
from typing import Any

from events.outbox.rows import AcceptedIdentify, OutboxRow, SettledMessage
from smrt_integration.delivery.claim import ClaimedLane


@dataclass(frozen=True, slots=True)
class BuiltMessage:
    """A message ready to be posted. `size` is its size on the wire in bytes; `body` what the log keeps of it."""

    row: OutboxRow
    message: dict[str, Any]
    size: int
    body: str
    accepted_identify: AcceptedIdentify | None = None


@dataclass(slots=True)
class LaneMessages:
    """One business's part of a round. `settled` needs no POST; `held` waits for a customer whose identify could not be had now; `more`
    says that the business may have more waiting."""

    lane: ClaimedLane
    identifies: list[BuiltMessage] = field(default_factory=list)
    tracks: list[BuiltMessage] = field(default_factory=list)
    settled: list[SettledMessage] = field(default_factory=list)
    held: list[OutboxRow] = field(default_factory=list)
    more: bool = False

    @property
    def messages(self) -> int:
        return len(self.identifies) + len(self.tracks)
