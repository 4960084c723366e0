"""Examples of what a job would send, built like the messages that are posted."""

from datetime import datetime

from customers.models import Customer
from events.identify import IDENTIFY
from events.jobs import first_sync
from events.models import Integration
from smrt_integration.delivery.preview import Preview, preview


def sync_previews(integration: Integration, now: datetime) -> list[Preview]:
    """Return up to five identifies that a sync would send."""
    customers = Customer.objects.filter(pk__in=first_sync.examples(integration)).order_by("-pk")
    return [preview(IDENTIFY, customer, integration, now) for customer in customers]
