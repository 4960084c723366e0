"""Noting what the owner switches, in the transaction of the save: later it tells why something that happened was not sent."""

from collections.abc import Iterator

from django.utils import timezone

from events.models import Integration, SwitchChange


def record_switch_changes(saved: Integration) -> None:
    """Called while the config is being saved. A new one starts with one row, and one for each event that is muted."""
    SwitchChange.objects.bulk_create(
        SwitchChange(business_id=saved.business_id, at=timezone.now(), event=event, on=on)
        for event, on in _switched(saved)
    )


def _switched(saved: Integration) -> Iterator[tuple[str, bool]]:
    """The event, or nothing for all of the integration, and whether it is on now."""
    before = saved.before or {}
    if "enabled" in saved.changed:
        yield "", saved.enabled
    if "muted" in saved.changed:
        muted, muted_before = set(saved.muted), set(before.get("muted", ()))
        for event in sorted(muted ^ muted_before):
            yield event, event not in muted
