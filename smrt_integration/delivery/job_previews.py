"""Examples of what a job would send, built like the messages that are posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from customers.models import Customer
from events.identify import IDENTIFY
from events.jobs import first_sync, send_since
from events.jobs.backfill_offer import BackfillOffer
from events.jobs.past_events import read_past
from events.models import Integration
from events.outbox.record_past import PastEvent
from smrt_integration.delivery.preview import Preview, preview, preview_past


@dataclass(frozen=True, slots=True)
class Example:
    """A message that a job would send, with a label for an owner."""

    label: str
    message: Preview


def sync_previews(integration: Integration, now: datetime) -> list[Example]:
    """Return up to five identifies that a sync would send."""
    customers = Customer.objects.filter(pk__in=first_sync.examples(integration)).order_by("-pk")
    return [
        Example(f"Customer details of {customer}", preview(IDENTIFY, customer, integration, now))
        for customer in customers
    ]


def past_previews(offer: BackfillOffer, integration: Integration) -> list[Example]:
    """Return the events that the offer has as examples."""
    return _of_events(read_past(offer.examples), integration)


def since_previews(integration: Integration, since: datetime) -> list[Example]:
    """Return up to five events that would be sent again under new ids."""
    return _of_events(send_since.since_examples(integration, since), integration)


def _of_events(past: Sequence[PastEvent], integration: Integration) -> list[Example]:
    ids = {event.customer_id for event in past}
    customers = Customer.objects.filter(business_id=integration.pk).in_bulk(ids)
    clock = integration.business.clock
    return [
        Example(
            f"{event.event} of {customers[event.customer_id]}, {clock.moment(event.occurred_at)}",
            preview_past(event, customers[event.customer_id], integration),
        )
        for event in past
        if event.customer_id in customers
    ]
