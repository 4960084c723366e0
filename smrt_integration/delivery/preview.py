"""Preview a message: built like the messages that are posted, but sent and written nowhere."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from customers.models import Customer
from customers.traits import custom_values, trait_sources
from events.definitions.definition import NothingToPreview
from events.destination import destination_of
from events.identify import IDENTIFY
from events.lanes.status import HELD_REASON
from events.models import Integration
from events.occurrences import Occurrence
from events.outbox import read
from events.outbox.record import new_message_id
from events.outbox.record_past import PastEvent
from events.outbox.rows import OutboxRow
from events.samples import sample
from smrt_integration.delivery import reduce
from smrt_integration.delivery.build import MessageBuilder
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.load import LoadedCustomers
from smrt_integration.delivery.messages import BuiltMessage


@dataclass(frozen=True, slots=True)
class Preview:
    """A message, and the sentence that says what it was made from.

    `body` is what the send log would keep; empty when there is nothing to show, and `source` then
    says why. `notes` say whether and how it would be sent.
    """

    body: str
    source: str
    notes: tuple[str, ...] = ()

    @property
    def pretty(self) -> str:
        return json.dumps(json.loads(self.body), indent=2, ensure_ascii=False) if self.body else ""


def preview(event: str, customer: Customer, integration: Integration, now: datetime) -> Preview:
    try:
        occurrence, source = _occurrence(event, customer, integration, now)
    except NothingToPreview as reason:
        return Preview("", f"There is nothing to show. {reason}")
    lane_messages = _builder(customer, integration, event).build([_row(occurrence, customer)])
    if lane_messages.settled:
        return Preview("", f"It would be refused: {lane_messages.settled[0].reason}")
    (message,) = lane_messages.to_post
    return Preview(message.body, source, tuple(_notes(event, message, integration)))


def preview_past(event: PastEvent, customer: Customer, integration: Integration) -> Preview:
    """Return a past event of the customer as a backfill would send it."""
    occurrence = Occurrence(event.event, event.subject_id, event.occurred_at, event.facts)
    lane_messages = _builder(customer, integration, event.event).build([_row(occurrence, customer)])
    if lane_messages.settled:
        return Preview("", f"It would be refused: {lane_messages.settled[0].reason}")
    return Preview(lane_messages.to_post[0].body, "From the record as it is now.")


def _occurrence(
    event: str, customer: Customer, integration: Integration, now: datetime
) -> tuple[Occurrence, str]:
    if event == IDENTIFY:
        identify = Occurrence(IDENTIFY, customer.pk, now, {})
        return identify, "From the customer's details as they are now."
    example = sample(event, customer, integration, now)
    return example.occurrence, example.source


def _row(occurrence: Occurrence, customer: Customer) -> OutboxRow:
    return OutboxRow(
        id=0,
        business_id=customer.business_id,
        customer_id=customer.pk,
        user_id=customer.uuid,
        event=occurrence.event,
        subject_id=occurrence.subject_id,
        message_id=new_message_id(),
        occurred_at=occurrence.occurred_at.astimezone(UTC),
        facts=dict(occurrence.facts),
        attempts=0,
    )


def _builder(customer: Customer, integration: Integration, event: str) -> MessageBuilder:
    """Return a builder for a round in which the customer is identified before their event.

    So neither message is left out because Segment has it already.
    """
    lane = ClaimedLane(
        business_id=customer.business_id,
        token=uuid4(),
        first_id=0,
        failures=0,
        generation=0,
        region=integration.region,
        write_key=integration.write_key,
        time_zone=integration.business.time_zone,
        birthday_field_id=integration.birthday_field_id,
    )
    destination = None if event == IDENTIFY else destination_of(lane.region, lane.write_key)
    ids = [customer.pk]
    known = read.customers_at_segment(ids)[customer.pk]._replace(destination=destination)
    if known.refused and not known.refused.omitted:
        known = known._replace(refused=None)
    at_segment = {customer.pk: known}
    loaded = LoadedCustomers(at_segment, trait_sources(ids), custom_values(ids))
    return MessageBuilder(lane, loaded)


def _notes(event: str, message: BuiltMessage, integration: Integration) -> Iterator[str]:
    if not integration.enabled:
        yield "The integration is switched off, so we do not send this."
    elif event in integration.muted:
        yield "This event is switched off, so we do not send it."
    customer_id, identify = message.row.customer_id, message.accepted_identify
    at_segment = read.customers_at_segment([customer_id])[customer_id]
    destination = destination_of(integration.region, integration.write_key)
    is_known = at_segment.destination == destination
    refused = at_segment.refused_at(destination)
    if message.omitted:
        yield reduce.sentence(message.omitted)
    if identify is None and not is_known and refused:
        yield HELD_REASON
    elif identify and refused and refused.traits_hash == identify.traits_hash and not is_known:
        yield (
            "Segment refused these details, so we do not send them again until something changes."
        )
    elif identify is None and not is_known:
        yield "Segment does not know this customer yet, so we send the customer details first."
    elif identify and is_known and at_segment.traits_hash == identify.traits_hash:
        yield (
            "Segment has these details already, so we do not send them again until something "
            "changes."
        )
