"""Create entries of the send log, by settling a message."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from customers.models import Customer
from events.models import Outcome, Outgoing, SendLog
from events.outbox.record import new_message_id
from events.outbox.rows import OutboxRow, SettledMessage, Settlement
from events.outbox.settle import settle


def create_log_entry(
    customer: Customer,
    event: str = "Customer Visit",
    outcome: Outcome = Outcome.REJECTED,
    *,
    at: datetime | None = None,
    facts: dict[str, Any] | None = None,
    subject_id: int = 1,
    reason: str = "Segment refused this message (it answered 400).",
) -> SendLog:
    """Create an entry whose outcome was known at `at`, 2 minutes after the event happened."""
    at = at or timezone.now()
    values: dict[str, Any] = {
        "business_id": customer.business_id,
        "customer_id": customer.pk,
        "user_id": customer.uuid,
        "event": event,
        "subject_id": subject_id,
        "message_id": new_message_id(),
        "occurred_at": at - timedelta(minutes=2),
        "facts": {"visit_type": "Store"} if facts is None else facts,
    }
    row = Outgoing.objects.create(**values)
    waiting = OutboxRow(id=row.pk, attempts=0, **values)
    settle(
        Settlement(
            [
                SettledMessage(
                    waiting, outcome, "" if outcome is Outcome.ACCEPTED else reason, sent_at=at
                )
            ]
        ),
        at,
    )
    return SendLog.objects.get(message_id=row.message_id)
