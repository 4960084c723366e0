"""Halt and resume lanes for their owner. A business has a lane as soon as it has an integration.

A delivery in flight keeps its lease. Every change here increments `generation`, so that the
delivery's result does not undo the change.
"""

from collections.abc import Collection
from typing import Final

from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Now

from events import wake
from events.identify import IDENTIFY
from events.lanes.status import CHOICE_WANTED, DISCARDING
from events.models import Integration, Lane, Outgoing

OWNER_HALTS: Final = (CHOICE_WANTED, DISCARDING)
"""Reasons for a halt that neither saving the settings nor a new write key ends. The owner's choice
ends the first halt, the end of the discarding ends the second."""


@transaction.atomic
def save_config(integration: Integration, changed: Collection[str]) -> None:
    """Save only these changed fields: somebody else may be changing the others.

    A save without a change means that the lane should try again. If the integration is switched on
    while events from before wait, nothing is sent until the owner has chosen whether to send or
    discard them.
    """
    if integration._state.adding:
        integration.save()
    elif changed:
        integration.save(update_fields=changed)
    else:
        resume_if_halted(integration.pk)
    if integration.enabled and "enabled" in changed:
        halt_for_choice(integration.pk)


def resume(business_id: int) -> None:
    """Create the lane, or let it try again now, unless it is halted until its owner acts."""
    _, created = Lane.objects.get_or_create(business_id=business_id)
    if not created:
        _resume(Lane.objects.filter(business_id=business_id).exclude(stopped__in=OWNER_HALTS))
    wake.after_commit()


def resume_if_halted(business_id: int) -> None:
    """Resume a halted lane: the owner may have fixed the cause in Segment.

    A lane that backs off is left alone, as it tries again by itself.
    """
    if Lane.objects.filter(business_id=business_id).exclude(stopped="").exists():
        resume(business_id)


@transaction.atomic
def halt_for_choice(business_id: int) -> bool:
    """Halt the lane until the owner has chosen whether to send or discard the waiting events.

    Returns False, and does nothing, when no event waits or they are being discarded already.
    """
    lane = lock_lane(business_id)
    events = Outgoing.objects.filter(business_id=business_id).exclude(event=IDENTIFY)
    if lane.stopped == DISCARDING or not events.exists():
        return False
    halt(business_id, CHOICE_WANTED)
    return True


def halt(business_id: int, reason: str) -> None:
    Lane.objects.filter(business_id=business_id).update(
        stopped=reason, stopped_at=Now(), generation=F("generation") + 1
    )


def resume_halted(business_id: int) -> None:
    """Resume the lane, whatever it was halted for."""
    _resume(Lane.objects.filter(business_id=business_id))
    wake.after_commit()


def lock_lane(business_id: int) -> Lane:
    """Return the lane, locked until the transaction ends. Claiming skips locked lanes."""
    return Lane.objects.select_for_update().get_or_create(business_id=business_id)[0]


def _resume(lanes: models.QuerySet[Lane]) -> None:
    lanes.update(
        generation=F("generation") + 1,
        resume_at=Now(),
        failures=0,
        stopped="",
        stopped_at=None,
        last_error="",
        failing_since=None,
    )


def note_accepted_destination(business_id: int, destination: str) -> None:
    """Note that Segment has just accepted a message there, so that the write key is right."""
    Lane.objects.filter(business_id=business_id).update(
        accepted_destination=destination, destination_accepted_at=Now(), refused_in_row=0
    )
