"""The state machine of the lane protocol finds nothing, and finds each fault that is planted."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from events.jobs import discard
from events.outbox import accepted_traits, record, unanswered
from events.outbox import settle as settling
from smrt_integration.delivery import post
from tests.delivery.lane_protocol import LaneProtocol, Replay

pytestmark = pytest.mark.django_db(transaction=True)

COMMON = settings(
    deadline=None,
    stateful_step_count=12,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    phases=[Phase.generate],
)
Patch = pytest.MonkeyPatch


def test_whatever_the_order_of_the_steps_the_account_is_right() -> None:
    run_state_machine_as_test(LaneProtocol, settings=settings(COMMON, max_examples=40))


def forget_doubts(patch: Patch) -> None:
    """Traits that were posted without an answer do not count."""
    patch.setattr(accepted_traits, "mark_uncertain", lambda *_: None)


def forget_the_dead(patch: Patch) -> None:
    """Nobody asks what a worker that died had posted."""
    patch.setattr(unanswered, "recover", lambda _: None)


def log_nothing_unconfirmed(patch: Patch) -> None:
    patch.setattr(unanswered, "_unconfirmed", lambda _: [])


def settle_without_a_fence(patch: Patch) -> None:
    """A worker does not find out that its lease is another's."""
    release = settling._release_lanes

    def all_released(cursor: Any, updates: Any, now: Any) -> Any:
        release(cursor, updates, now)
        lanes = frozenset(update.business_id for update in updates)
        return settling.ReleasedLanes(lanes, lanes)

    patch.setattr(settling, "_release_lanes", all_released)


def identify_nobody_again(patch: Patch) -> None:
    """Older traits that were posted after newer ones stay the last."""
    patch.setattr(settling, "_late_customers", lambda *_: [])


def keep_the_id_of_a_replaced_identify(patch: Patch) -> None:
    """Segment drops the newer traits as a duplicate."""
    kept = record.REPLACE_WAITING_IDENTIFY.replace("message_id = EXCLUDED.message_id, ", "")
    patch.setattr(record, "REPLACE_WAITING_IDENTIFY", kept)
    record._statement.cache_clear()


def discard_what_is_in_flight(patch: Patch) -> None:
    busy = discard.LOCK_IDLE_LANE.replace("lease_until < %s", "lease_until < %s OR TRUE")
    patch.setattr(discard, "LOCK_IDLE_LANE", busy)
    patch.setattr(unanswered, "recover", lambda _: None)


def send_events_before_the_identify(patch: Patch) -> None:
    patch.setattr(post, "_tracks_to_post", lambda _, tracks: list(tracks))


KILLED = ("save 0, die_after_posting 0, save 0, end_leases",)
LATE = ("save 0, send 0, end_leases, save 0, round 1, step 0, step 0",)
HISTORIES: list[tuple[Callable[[Patch], None], tuple[Any, ...]]] = [
    (forget_doubts, KILLED),
    (forget_the_dead, KILLED),
    (log_nothing_unconfirmed, KILLED),
    (settle_without_a_fence, LATE),
    (identify_nobody_again, LATE),
    (keep_the_id_of_a_replaced_identify, ("save 0, send 0, save 0, step 0, step 0",)),
    (discard_what_is_in_flight, ("visit 0, send 0, discard, run_jobs, step 0, step 0",)),
    (send_events_before_the_identify, ("save 0, refuse_a_name, round 0", "", False)),
]


@pytest.mark.parametrize(("plant", "history"), HISTORIES)
def test_a_planted_fault_is_found(
    plant: Callable[[Patch], None], history: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same history passes without it."""
    Replay(*history).teardown()
    plant(monkeypatch)
    try:
        with pytest.raises(AssertionError):
            Replay(*history).teardown()
    finally:
        monkeypatch.undo()
        record._statement.cache_clear()
