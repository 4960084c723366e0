"""Receivers of model signals: they record what a save means, as the event definitions decide."""

from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from operator import attrgetter
from typing import Any

import structlog
from django.apps import apps
from django.db import DatabaseError
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from customers import models as records
from customers.models.action import Action, action_ended, current_action
from customers.traits import RELATED_TRAIT_FIELDS, TRAIT_FIELDS
from events import catalogue
from events.definitions.definition import IncompleteDefinition
from events.identify import IDENTIFY
from events.lanes import lane_control
from events.models import Integration
from events.outbox import fan_out, held, switched_off
from events.outbox.of_action import Meaning, record_meanings, record_with_action
from events.outbox.record import record
from events.switch_changes import record_switch_changes

log = structlog.get_logger(__name__)

# The rows that customers' traits show, and how customers refer to them (a key of
# events.outbox.fan_out.CUSTOMERS_CONCERNED).
SHOWN_IN_TRAITS: dict[type[Model], str] = {
    records.Business: "business",
    records.Brand: "brand",
    records.Agent: "agent",
    records.CustomerGroup: "group",
    records.Discount: "discount",
    records.CustomField: "custom_field",
}
# A change of these fields may make Segment respond differently from the last attempt.
CONNECTION_FIELDS: frozenset[str] = frozenset({"enabled", "write_key", "region"})


def connect() -> None:
    """Connect all receivers.

    Raises IncompleteDefinition for a definition whose model or sweep does not exist.
    """
    for model in _models_with_events():
        post_save.connect(record_save, sender=model)
    for model in SHOWN_IN_TRAITS:
        post_save.connect(fan_out_save, sender=model)
    post_save.connect(record_custom_value, sender=records.CustomFieldValue)
    post_delete.connect(record_custom_value, sender=records.CustomFieldValue)
    post_save.connect(apply_integration_change, sender=Integration)
    action_ended.connect(record_action, sender=Action)


def _models_with_events() -> set[type[Model]]:
    models: set[type[Model]] = {records.Customer}
    for event in catalogue.SAVED_EVENTS:
        try:
            models.add(apps.get_model(event.model))
        except LookupError:
            raise IncompleteDefinition(
                f"{event.name}: there is no model {event.model}; correct the definition's `model`."
            ) from None
    for swept in catalogue.SWEPT_EVENTS:
        if find_spec(swept.sweep) is None:
            raise IncompleteDefinition(
                f"{swept.name}: there is no module {swept.sweep}; correct the definition's `sweep`."
            )
    return models


def never_fail_the_save(receiver: Callable[..., None]) -> Callable[..., None]:
    """Log an error of the receiver: a bug of ours must not fail the caller's save.

    Database errors are raised: they have aborted the save's transaction anyway.
    """

    @wraps(receiver)
    def safe_receiver(sender: type[Model], instance: Any, **kwargs: Any) -> None:
        try:
            receiver(sender, instance, **kwargs)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the save goes on
            # not the error itself: its text may quote the row
            log.error(  # noqa: TRY400
                "recording_failed",
                model=sender.__name__,
                id=instance.pk,
                error=type(error).__name__,
            )

    return safe_receiver


@never_fail_the_save
def record_save(sender: type[Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    """Record the events that the save means, and an identify when a customer's traits changed."""
    if raw:
        return
    now = timezone.now()
    events = catalogue.events_of(sender._meta.label)
    triggered = [event for event in events if event.trigger(instance.before, instance)]
    traits_changed = sender is records.Customer and bool(
        instance.before is None or instance.changed & TRAIT_FIELDS
    )
    names = [event.name for event in triggered] + [IDENTIFY] * traits_changed
    if not names:
        return
    business_id = instance.tenant_id()
    # for an action, that is asked once at its end
    if current_action() is None and switched_off.is_off(business_id, names):
        return
    # the events of a model agree on the path to its customer (events.catalogue)
    customer_id = attrgetter(events[0].customer_id)(instance)
    occurrences = [event.occurrence(instance, now) for event in triggered]
    record_with_action(
        Meaning(business_id, customer_id, occurrences, now if traits_changed else None)
    )


def record_action(sender: type[Action], put_off: list[Meaning], **kwargs: Any) -> None:
    """Record what the saves of an action mean."""
    record_meanings(put_off)


@never_fail_the_save
def record_custom_value(
    sender: type[Model], instance: records.CustomFieldValue, raw: bool = False, **kwargs: Any
) -> None:
    """Record an identify when a custom field's value was added, changed or deleted."""
    if not raw and (
        kwargs["signal"] is post_delete
        or instance.before is None
        or instance.changed & RELATED_TRAIT_FIELDS["CustomFieldValue"]
    ):
        record(instance.customer_id, (), timezone.now())


@never_fail_the_save
def fan_out_save(sender: type[Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    """Queue identifies for the customers whose traits show the saved row."""
    if (
        not raw
        and instance.before is not None
        and instance.changed & RELATED_TRAIT_FIELDS[sender.__name__]
    ):
        business_id = instance.pk if sender is records.Business else instance.business_id
        fan_out.request_fan_out(business_id, SHOWN_IN_TRAITS[sender], instance.pk)


def apply_integration_change(sender: type[Model], instance: Integration, **kwargs: Any) -> None:
    """Resume the lane, record what was switched, and queue the identifies that the change needs."""
    switched_off.clear(instance.business_id)
    if instance.before is None or instance.changed & CONNECTION_FIELDS:
        lane_control.resume(instance.business_id)
        held.start_afresh(instance.business_id)
    else:
        lane_control.resume_if_halted(instance.business_id)
    record_switch_changes(instance)
    if instance.before is None:
        return
    if instance.enabled and "enabled" in instance.changed:
        # customers may have changed while nothing was recorded
        fan_out.request_fan_out(instance.business_id, "business", instance.business_id)
    if "birthday_field_id" in instance.changed:
        field_ids = (instance.before["birthday_field_id"], instance.birthday_field_id)
        for field_id in filter(None, field_ids):
            fan_out.request_fan_out(instance.business_id, "custom_field", field_id)
