"""Rows of the outbox as they are read, and the results of sending them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from events.models import Outcome


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of the outbox as it was read.

    `is_bulk` says that what happens live is sent before it. `unanswered_at` is when this message
    was last posted without an answer: Segment may have it.
    """

    id: int
    business_id: int
    customer_id: int
    user_id: UUID
    event: str
    subject_id: int
    message_id: str
    occurred_at: datetime
    facts: dict[str, Any]
    attempts: int
    unanswered_at: datetime | None = None
    is_bulk: bool = False


@dataclass(frozen=True, slots=True)
class SettledMessage:
    """A message whose outcome is known.

    `sent_at` is the time of the HTTP request. When there was none, it is None and the send log
    counts no further attempt.
    """

    row: OutboxRow
    outcome: Outcome
    reason: str = ""
    body: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AcceptedIdentify:
    """An identify that Segment accepted, with the hash of its traits."""

    row: OutboxRow
    destination: str
    traits_hash: str


@dataclass(frozen=True, slots=True)
class PostedIdentify:
    """An identify that was posted and that Segment has, or may have.

    `traits_hash` is of the traits that were posted, `body` what the send log keeps of the message.
    """

    row: OutboxRow
    destination: str
    traits_hash: str
    body: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A message that was posted and neither accepted nor refused.

    `unanswered_at` is the time of the request when no answer came, otherwise None.
    """

    row: OutboxRow
    error: str
    unanswered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request. `status` is None when no response came."""

    business_id: int
    at: datetime
    status: int | None
    milliseconds: int
    messages: int
    bytes: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class LaneUpdate:
    """The new state of a lane.

    It is written only while the lane has this lease `token`. What it says about failures is written
    only while the lane has this `generation`, as then the owner has changed nothing.
    `refused_in_row` counts messages refused alone since one was accepted.
    """

    business_id: int
    token: UUID
    generation: int
    resume_at: datetime
    failures: int = 0
    stopped: str = ""
    last_error: str = ""
    accepted_at: datetime | None = None
    accepted_destination: str = ""
    refused_in_row: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Traits of a customer that Segment refused.

    `omitted` are those that were left out so that it accepted the others, empty if it accepted
    none. Both hashes are as in RefusedTraits.
    """

    customer_id: int
    business_id: int
    destination: str
    traits_hash: str
    omitted: tuple[str, ...]
    omitted_hash: str
    reason: str


@dataclass(slots=True)
class HeldWork:
    """What a settlement changes about refused customers.

    `to_hold` are tracks of the outbox. `identified` are refused customers of whom Segment accepted
    an identify now, `accepted_whole` those of them of whom it accepted all traits.
    """

    refusals: list[Refusal] = field(default_factory=list)
    to_hold: list[OutboxRow] = field(default_factory=list)
    identified: list[int] = field(default_factory=list)
    accepted_whole: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Settlement:
    """What one transaction settles: the results of one or more lanes.

    `posted_identifies` has the identifies that Segment has or may have, `unanswered` those without
    an answer.
    `uncertain_customers` are those of whom Segment may have other traits than it last accepted.
    `identify_again` are identifies among `settled` that are recorded again under a new message id.
    `transaction_id` names the transaction that wrote it, and is empty before.
    """

    settled: list[SettledMessage] = field(default_factory=list)
    accepted_identifies: list[AcceptedIdentify] = field(default_factory=list)
    posted_identifies: list[PostedIdentify] = field(default_factory=list)
    unanswered: list[PostedIdentify] = field(default_factory=list)
    uncertain_customers: list[int] = field(default_factory=list)
    identify_again: list[OutboxRow] = field(default_factory=list)
    failed_attempts: list[FailedAttempt] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    lane_updates: list[LaneUpdate] = field(default_factory=list)
    held: HeldWork = field(default_factory=HeldWork)
    transaction_id: str = ""
