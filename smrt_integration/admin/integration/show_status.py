"""The status of sending as the templates of pages need it."""

from typing import Any, Final, NamedTuple

from django.utils import timezone

from events.lanes.read_status import lane_status
from events.lanes.status import (
    HELD_REMEDY,
    LaneState,
    asks_about_held,
    held_sentence,
    remedy,
    state_of,
    status_sentence,
)


class LaneBadge(NamedTuple):
    """A lane status as pages show it: an icon, and the CSS class that colours it."""

    icon: str
    kind: str


LANE_BADGES: Final = {
    LaneState.OFF: LaneBadge("pause_circle", "calm"),
    LaneState.CHOOSING: LaneBadge("help", "attention"),
    LaneState.DISCARDING: LaneBadge("auto_delete", "attention"),
    LaneState.STOPPED: LaneBadge("error", "bad"),
    LaneState.FAILING: LaneBadge("schedule", "attention"),
    LaneState.SENDING: LaneBadge("sync", "good"),
    LaneState.ON: LaneBadge("check_circle", "good"),
    LaneState.NEW: LaneBadge("check_circle", "good"),
}


def lane_context(business_id: int) -> dict[str, Any]:
    """Return what the template of the lane status needs."""
    now, status = timezone.now(), lane_status(business_id)
    state = state_of(status, now)
    return {
        "status": status,
        "state": state,
        "kind": LANE_BADGES[state].kind,
        "icon": LANE_BADGES[state].icon,
        "sentence": status_sentence(status, now),
        "remedy": remedy(status),
        "held_sentence": held_sentence(status) if asks_about_held(status, now) else "",
        "held_remedy": HELD_REMEDY,
        "is_choosing": state is LaneState.CHOOSING,
        "is_stopped": state is LaneState.STOPPED,
        "may_resume": status.enabled
        and state in {LaneState.STOPPED, LaneState.FAILING, LaneState.CHOOSING},
    }
