"""Occurrences for previews: each as it would be recorded. Nothing is written."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.apps import apps

from customers.models import Customer
from events.catalogue import BY_NAME
from events.definitions.definition import (
    NothingToPreview,
    Sample,
    SavedEvent,
    SweptEvent,
)
from events.models import Integration
from events.outbox.record import facts_of
from events.timeline.context import customer_context
from events.timeline.occurrences import latest_subject


def sample(event: str, customer: Customer, integration: Integration, now: datetime) -> Sample:
    """Return the event's last occurrence for the customer, or the next that a sweep would find.

    Raises NothingToPreview.
    """
    definition = BY_NAME[event]
    if issubclass(definition, SweptEvent):
        clock = integration.business.clock
        return definition.sample(customer_context(customer, integration, clock, None, now))
    if issubclass(definition, SavedEvent):
        return _last_saved(definition, customer, now)
    raise NothingToPreview(definition.not_yet)


def _last_saved(definition: type[SavedEvent], customer: Customer, now: datetime) -> Sample:
    subject_id = latest_subject(definition.name, customer.pk)
    rows = apps.get_model(definition.model)._default_manager
    row = rows.filter(pk=subject_id).first() if subject_id else None
    if row is None:
        raise NothingToPreview(definition.not_yet)
    occurrence = definition.occurrence(row, now)
    occurrence = replace(occurrence, facts=facts_of(occurrence))
    return Sample(occurrence, f"From {_in_words(row)} as it is now.")


def _in_words(row: Any) -> str:
    if isinstance(row, Customer):
        return "the customer"
    return f"{row._meta.verbose_name} “{row}”"
