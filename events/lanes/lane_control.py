"""The owner's side of a lane: it exists as soon as there is a config, and what the owner decides
lets it run, or holds it.

A delivery in progress is never disturbed: its lease stays. Counting `generation` up keeps its
verdict from undoing what is decided here.
"""

from collections.abc import Collection

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from events import wake
from events.identify import IDENTIFY
from events.lanes.status import CHOICE_WANTED, DISCARDING
from events.models import Integration, Lane, Outgoing

# What neither a saved config nor a new write key ends: the owner's choice does, or the end of the
# discarding.
OWNER_HALTS = (CHOICE_WANTED, DISCARDING)


@transaction.atomic
def save_config(integration: Integration, changed: Collection[str]) -> None:
    """Save what the owner changed of it, and no other column: somebody else may be changing those.
    Saving it unchanged means: try again.

    When it is switched on while events from before wait, nothing is sent until the owner has
    chosen what becomes of them.
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
    """Make the lane, or let a waiting or stopped one try again now, unless it is held."""
    _, created = Lane.objects.get_or_create(business_id=business_id)
    if not created:
        _run(Lane.objects.filter(business_id=business_id).exclude(stopped__in=OWNER_HALTS))
    wake.after_commit()


def resume_if_halted(business_id: int) -> None:
    """What the owner was asked to mend may be mended at Segment's. One that only waits goes on waiting: it tries again by itself."""
    if Lane.objects.filter(business_id=business_id).exclude(stopped="").exists():
        resume(business_id)


@transaction.atomic
def halt_for_choice(business_id: int) -> bool:
    """Send nothing until the owner has chosen what becomes of the events that wait. False when none do, or they are being discarded."""
    lane = lock_lane(business_id)
    if (
        lane.stopped == DISCARDING
        or not Outgoing.objects.filter(business_id=business_id).exclude(event=IDENTIFY).exists()
    ):
        return False
    halt(business_id, CHOICE_WANTED)
    return True


def halt(business_id: int, reason: str) -> None:
    Lane.objects.filter(business_id=business_id).update(
        stopped=reason, stopped_at=timezone.now(), generation=F("generation") + 1
    )


def resume_halted(business_id: int) -> None:
    """Let it run whatever held it."""
    _run(Lane.objects.filter(business_id=business_id))
    wake.after_commit()


def lock_lane(business_id: int) -> Lane:
    """The lane, which stays as it is until the transaction ends. No round waits for it: claiming passes over locked lanes."""
    return Lane.objects.select_for_update().get_or_create(business_id=business_id)[0]


def _run(lanes: models.QuerySet[Lane]) -> None:
    lanes.update(
        generation=F("generation") + 1,
        resume_at=timezone.now(),
        failures=0,
        stopped="",
        stopped_at=None,
        last_error="",
        failing_since=None,
    )
