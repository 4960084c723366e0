"""A test event: one attempt, now, of a message that concerns no customer and that no tool behind Segment gets."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from events.models import Integration, Outcome
from events.outbox.record import new_message_id
from events.outbox.rows import Attempt, OutboxRow, SettledMessage
from events.send_log.write import log_test_event
from smrt_integration.delivery import segment
from smrt_integration.delivery.responses import Decision, Response

TEST_EVENT: Final = "Test Event"
# Segment's own word for every tool connected to the source.
NOBODY: Final = (("All", False),)


@dataclass(frozen=True, slots=True)
class SentTestEvent:
    """Segment's response, and the text by which the event is told from others in Segment's debugger."""

    response: Response
    text: str

    @property
    def accepted(self) -> bool:
        return self.response.decision is Decision.ACCEPT


def user_of(business_id: int) -> UUID:
    """Nobody, and for one business always the same: Segment counts users."""
    return uuid5(NAMESPACE_URL, f"smrt:test-event:{business_id}")


def send_test_event(integration: Integration, text: str) -> SentTestEvent:
    """Answers after a few seconds at most. No transaction may be open."""
    at, started = datetime.now(UTC), time.monotonic()
    row = OutboxRow(
        0,
        integration.pk,
        0,
        user_of(integration.pk),
        TEST_EVENT,
        0,
        new_message_id(),
        at,
        {"text": text},
        0,
    )
    message = segment.track(
        row.user_id,
        TEST_EVENT,
        row.facts,
        integration.business.time_zone,
        at,
        row.message_id,
        NOBODY,
    )
    body = segment.serialized(message)
    answer = segment.post(integration.write_key, segment.host(integration.region), [message])
    trial = SentTestEvent(answer, text)
    attempt = Attempt(
        integration.pk,
        at,
        answer.status,
        round((time.monotonic() - started) * 1000),
        messages=1,
        bytes=len(body),
        error=answer.error,
    )
    log_test_event(
        SettledMessage(row, _outcome(answer), answer.error, body, at), attempt, datetime.now(UTC)
    )
    return trial


def _outcome(answer: Response) -> Outcome:
    """Whether Segment said no, or nothing that counts: a test event is not tried again."""
    if answer.decision is Decision.ACCEPT:
        return Outcome.ACCEPTED
    return Outcome.SKIPPED if answer.decision is Decision.BACK_OFF else Outcome.REJECTED
