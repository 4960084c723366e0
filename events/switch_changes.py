"""Record what an owner switches on or off, in the transaction of the save.

The timeline reads it to say why an event was not sent.
"""

from collections.abc import Iterator

from django.utils import timezone

from events.models import Integration, SwitchChange


def record_switch_changes(integration: Integration) -> None:
    """Write a row for each switch that this save changes.

    A new integration starts with one row, and one for each event that is muted.
    """
    now = timezone.now()
    SwitchChange.objects.bulk_create(
        SwitchChange(business_id=integration.business_id, at=now, event=event, on=is_on)
        for event, is_on in _changed_switches(integration)
    )


def _changed_switches(integration: Integration) -> Iterator[tuple[str, bool]]:
    """Yield the event, or "" for the whole integration, and whether it is on now."""
    before = integration.before or {}
    if "enabled" in integration.changed:
        yield "", integration.enabled
    if "muted" in integration.changed:
        muted, muted_before = set(integration.muted), set(before.get("muted", ()))
        for event in sorted(muted ^ muted_before):
            yield event, event not in muted
