"""Send a test event: one attempt, now. No customer is in it, and no tool behind Segment gets it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from events.destination import destination_of
from events.lanes import lane_control
from events.models import Integration, Outcome
from events.outbox.record import new_message_id
from events.outbox.rows import Attempt, OutboxRow, SettledMessage
from events.send_log.write import log_test_event
from smrt_integration.delivery import segment
from smrt_integration.delivery.responses import Decision, Response

TEST_EVENT: Final = "Test Event"
# "All" is Segment's word for every tool connected to the source.
NO_TOOLS: Final = (("All", False),)


@dataclass(frozen=True, slots=True)
class SentTestEvent:
    """Segment's response, and the text that identifies the event in Segment's debugger."""

    response: Response
    text: str

    @property
    def accepted(self) -> bool:
        return self.response.decision is Decision.ACCEPT


def user_id_for_test_events(business_id: int) -> UUID:
    """Return the user of a business's test events, always the same: Segment counts users."""
    return uuid5(NAMESPACE_URL, f"smrt:test-event:{business_id}")


def send_test_event(integration: Integration, text: str) -> SentTestEvent:
    """Post a test event and log it. Takes a few seconds at most. No transaction may be open."""
    at, started = datetime.now(UTC), time.monotonic()
    row = _row(integration, at, text)
    time_zone = integration.business.time_zone
    message = segment.track(
        row.user_id, TEST_EVENT, row.facts, time_zone, at, row.message_id, NO_TOOLS
    )
    wire = segment.serialized(message)
    response = segment.post(integration.write_key, segment.host(integration.region), [wire])
    milliseconds = round((time.monotonic() - started) * 1000)
    attempt = Attempt(
        integration.pk, at, response.status, milliseconds, 1, len(wire), response.error
    )
    sent = SettledMessage(row, _outcome(response), response.error, wire.decode(), at)
    log_test_event(sent, attempt, datetime.now(UTC))
    if response.decision is Decision.ACCEPT:
        destination = destination_of(integration.region, integration.write_key)
        lane_control.note_accepted_destination(integration.pk, destination)
    return SentTestEvent(response, text)


def _row(integration: Integration, at: datetime, text: str) -> OutboxRow:
    return OutboxRow(
        id=0,
        business_id=integration.pk,
        customer_id=0,
        user_id=user_id_for_test_events(integration.pk),
        event=TEST_EVENT,
        subject_id=0,
        message_id=new_message_id(),
        occurred_at=at,
        facts={"text": text},
        attempts=0,
    )


def _outcome(response: Response) -> Outcome:
    """Return "not sent" when Segment did not decide: a test event is not tried again.

    "Unconfirmed" when Segment may have it.
    """
    if response.decision is Decision.ACCEPT:
        return Outcome.ACCEPTED
    if response.is_unanswered:
        return Outcome.UNCONFIRMED
    return Outcome.SKIPPED if response.decision is Decision.BACK_OFF else Outcome.REJECTED
