"""The messages of one round, per business, each with the outbox row that it was built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from events.outbox.rows import AcceptedIdentify, OutboxRow, Refusal, SettledMessage
from smrt_integration.delivery.claim import ClaimedLane


@dataclass(frozen=True, slots=True)
class BuiltMessage:
    """A message ready to be posted.

    `fields` is the message itself, `wire` its JSON as it is posted, `body` what the send log keeps
    of it. An identify has `accepted_identify`: what to remember once Segment accepted it,
    `traits`, all of them, their hash, and the names of those that are `omitted` from the message. A
    track of a customer whom Segment does not know `needs_identify`: one that is accepted before.
    `was_unanswered` says that the message was posted before without an answer.
    """

    row: OutboxRow
    fields: dict[str, Any]
    wire: bytes
    body: str
    accepted_identify: AcceptedIdentify | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    omitted: tuple[str, ...] = ()
    needs_identify: bool = False
    traits_hash: str = ""
    was_unanswered: bool = False

    @property
    def size(self) -> int:
        """The message's size on the wire, in bytes."""
        return len(self.wire)


@dataclass(slots=True)
class LaneMessages:
    """One business's part of a round.

    `settled` needs no POST. `identify_again` are those among it that are recorded again under a new
    message id. `postponed` waits for its customer's identify, which a save holds locked. `held`
    waits because Segment refused its customer's traits; `refusals` has the customers whose identify
    could not be built. `refused_before` are the customers of this round of whom Segment refused
    something. `live_customers` are those with live messages: all of theirs here are posted before
    bulk ones. `has_more` says that more rows may wait than were loaded.
    """

    lane: ClaimedLane
    identifies: list[BuiltMessage] = field(default_factory=list)
    tracks: list[BuiltMessage] = field(default_factory=list)
    settled: list[SettledMessage] = field(default_factory=list)
    identify_again: list[OutboxRow] = field(default_factory=list)
    postponed: list[OutboxRow] = field(default_factory=list)
    held: list[OutboxRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused_before: set[int] = field(default_factory=set)
    live_customers: frozenset[int] = frozenset()
    has_more: bool = False

    @property
    def to_post(self) -> list[BuiltMessage]:
        return self.identifies + self.tracks

    def is_live(self, message: BuiltMessage) -> bool:
        """Return whether the message is posted before bulk ones."""
        return message.row.customer_id in self.live_customers

    @property
    def count(self) -> int:
        return len(self.identifies) + len(self.tracks)
