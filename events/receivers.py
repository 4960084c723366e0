"""Model signals: what changed -> record. One line per model says who decides and for whom; nothing here decides."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from customers import models as records
from customers.traits import RELATED_TRAIT_FIELDS, TRAIT_FIELDS
from events import switch_changes, triggers
from events.lanes import lane_control
from events.models import Integration
from events.occurrences import Occurrence
from events.outbox import fan_out
from events.outbox.record import record

log = structlog.get_logger(__name__)

Trigger = Callable[[Any, Any, datetime], Iterable[Occurrence]]

HAPPENINGS: dict[type[Model], Trigger] = {
    records.Order: triggers.order,
    records.Stop: triggers.stop,
    records.PickupRequest: triggers.pickup_request,
    records.RegularPickupRequest: triggers.regular_pickup_request,
    records.Visit: triggers.visit,
}

# The related rows that traits show, and how customers refer to them (a key of events.outbox.fan_out.CUSTOMERS_CONCERNED).
SHOWN: dict[type[Model], str] = {
    records.Business: "business",
    records.Brand: "brand",
    records.Agent: "agent",
    records.CustomerGroup: "group",
    records.Discount: "discount",
    records.CustomField: "custom_field",
}


def connect() -> None:
    for model in HAPPENINGS:
        post_save.connect(happened, sender=model)
    for model in SHOWN:
        post_save.connect(shown_row_changed, sender=model)
    post_save.connect(customer_saved, sender=records.Customer)
    post_save.connect(line_item_saved, sender=records.LineItem)
    post_save.connect(custom_value_changed, sender=records.CustomFieldValue)
    post_delete.connect(custom_value_changed, sender=records.CustomFieldValue)
    post_save.connect(integration_saved, sender=Integration)


def harmless(receiver: Callable[..., None]) -> Callable[..., None]:
    """A fault of ours in working out what happened must not fail the save. One in the database does: its transaction is lost anyway."""

    @wraps(receiver)
    def received(sender: type[Model], instance: Any, **kwargs: Any) -> None:
        try:
            receiver(sender, instance, **kwargs)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the save goes on
            # not the error itself: its text may quote the row
            log.error(
                "recording_failed",
                model=sender.__name__,
                id=instance.pk,
                error=type(error).__name__,
            )

    return received


@harmless
def happened(sender: type[Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    if not raw:
        record(instance.customer_id, HAPPENINGS[sender](instance.before, instance, timezone.now()))


@harmless
def customer_saved(
    sender: type[Model], instance: records.Customer, raw: bool, **kwargs: Any
) -> None:
    if not raw:
        now = timezone.now()
        identify_at = now if instance.before is None or instance.changed & TRAIT_FIELDS else None
        record(instance.pk, triggers.customer(instance.before, instance, now), identify_at)


@harmless
def line_item_saved(
    sender: type[Model], instance: records.LineItem, raw: bool, **kwargs: Any
) -> None:
    if not raw and instance.returned_at:
        record(
            instance.order.customer_id,
            triggers.line_item(instance.before, instance, timezone.now()),
        )


@harmless
def custom_value_changed(
    sender: type[Model], instance: records.CustomFieldValue, raw: bool = False, **kwargs: Any
) -> None:
    if not raw and (
        kwargs["signal"] is post_delete
        or instance.before is None
        or instance.changed & RELATED_TRAIT_FIELDS["CustomFieldValue"]
    ):
        record(instance.customer_id, (), timezone.now())


@harmless
def shown_row_changed(sender: type[Model], instance: Any, raw: bool, **kwargs: Any) -> None:
    if (
        not raw
        and instance.before is not None
        and instance.changed & RELATED_TRAIT_FIELDS[sender.__name__]
    ):
        business_id = instance.pk if sender is records.Business else instance.business_id
        fan_out.request_fan_out(business_id, SHOWN[sender], instance.pk)


# What may make Segment answer otherwise than at the last attempt.
DECIDES: frozenset[str] = frozenset({"enabled", "write_key", "region"})


def integration_saved(sender: type[Model], instance: Integration, raw: bool, **kwargs: Any) -> None:
    if instance.before is None or instance.changed & DECIDES:
        lane_control.resume(instance.business_id)
    else:
        lane_control.resume_if_halted(instance.business_id)
    switch_changes.record_switch_changes(instance)
    if instance.before is not None and instance.enabled and "enabled" in instance.changed:
        # customers may have changed while nothing was recorded
        fan_out.request_fan_out(instance.business_id, "business", instance.business_id)
    if instance.before is not None and "birthday_field_id" in instance.changed:
        for field_id in filter(
            None, (instance.before["birthday_field_id"], instance.birthday_field_id)
        ):
            fan_out.request_fan_out(instance.business_id, "custom_field", field_id)
