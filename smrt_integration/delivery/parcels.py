"""What is on its way: messages with the rows they come from, per business."""

from dataclasses import dataclass, field
from typing import Any

from events.outbox.settle import Known, Settled, Waiting
from smrt_integration.delivery.claim import Claimed


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message ready to be posted. `size` is its size on the wire in bytes; `body` what the log keeps of it."""

    row: Waiting
    message: dict[str, Any]
    size: int
    body: str
    known: Known | None = None


@dataclass(slots=True)
class Load:
    """One business's part of a round. `settled` needs no POST; `held` waits for a customer whose identify could not be had now; `more`
    says that the business may have more waiting."""

    lane: Claimed
    identifies: list[Parcel] = field(default_factory=list)
    tracks: list[Parcel] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    held: list[Waiting] = field(default_factory=list)
    more: bool = False

    @property
    def messages(self) -> int:
        return len(self.identifies) + len(self.tracks)
