"""From a shipment to what is written of it: outcomes for its messages, and how the lane goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta

from events.models import Outcome
from events.outbox.rows import LaneUpdate, SettledMessage, Settlement
from events.outbox.settle import LOCKED_ROW_PAUSE
from smrt_integration.delivery import backoff, responses
from smrt_integration.delivery.post import ALL_REFUSED, LaneResult
from smrt_integration.delivery.responses import Response


def add_lane_result(
    shipment: LaneResult, settlement: Settlement, now: datetime, random: Callable[[], float]
) -> None:
    """Add to `settlement` what this shipment brought."""
    rejected = [] if shipment.key_refused else shipment.rejected
    settlement.settled += shipment.load.settled
    settlement.settled += [
        SettledMessage(p.row, Outcome.ACCEPTED, "", p.body, shipment.sent_at[p.row.id])
        for p in shipment.accepted
    ]
    settlement.settled += [
        SettledMessage(p.row, Outcome.REJECTED, a.error, p.body, shipment.sent_at[p.row.id])
        for p, a in rejected
    ]
    settlement.accepted_identifies += [
        parcel.accepted_identify for parcel in shipment.accepted if parcel.accepted_identify
    ]
    settlement.attempts += shipment.attempts
    update = lane_update(shipment, now, random)
    settlement.lane_updates.append(update)
    if update.stopped or (shipment.halted is not None and shipment.halted.wait_seconds is None):
        done = {p.row.id for p in shipment.accepted} | {p.row.id for p, _ in rejected}
        parcels = shipment.load.identifies + shipment.load.tracks
        settlement.failed_attempts += [
            (p.row, update.last_error)
            for p in parcels
            if p.row.id in shipment.sent_at and p.row.id not in done
        ]


def lane_update(shipment: LaneResult, now: datetime, random: Callable[[], float]) -> LaneUpdate:
    lane, answer = shipment.load.lane, shipment.halted
    accepted_at = now if shipment.accepted else None
    stopped = ALL_REFUSED if shipment.key_refused else ""
    failures, resume_at, error = 0, now, ""
    if shipment.load.held:
        resume_at = now + LOCKED_ROW_PAUSE
    if answer is not None and answer.decision is responses.Decision.HALT:
        stopped = answer.error
    elif answer is not None:
        failures, resume_at = _wait(answer, 0 if shipment.accepted else lane.failures, now, random)
        error = answer.error
    return LaneUpdate(
        lane.business_id,
        lane.token,
        lane.generation,
        resume_at,
        failures,
        stopped,
        stopped or error,
        accepted_at,
    )


def _wait(
    answer: Response, failures: int, now: datetime, random: Callable[[], float]
) -> tuple[int, datetime]:
    """A wait that Segment asked for is no failed attempt."""
    if answer.wait_seconds is not None:
        return failures, now + timedelta(seconds=answer.wait_seconds)
    return failures + 1, now + timedelta(seconds=backoff.seconds(failures + 1, random))
