"""From a shipment to what is written of it: outcomes for its messages, and how the lane goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta

from events.models import Outcome
from events.outbox.settle import LOCKED_ROW_PAUSE, LaneUpdate, SettledMessage, Settlement
from smrt_integration.delivery import backoff, responses
from smrt_integration.delivery.post import ALL_REFUSED, LaneResult
from smrt_integration.delivery.responses import Response


def add_lane_result(
    shipment: LaneResult, work: Settlement, now: datetime, random: Callable[[], float]
) -> None:
    """Add to `work` what this shipment brought."""
    rejected = [] if shipment.key_refused else shipment.rejected
    work.settled += shipment.load.settled
    work.settled += [
        SettledMessage(p.row, Outcome.ACCEPTED, "", p.body, shipment.sent_at[p.row.id])
        for p in shipment.accepted
    ]
    work.settled += [
        SettledMessage(p.row, Outcome.REJECTED, a.error, p.body, shipment.sent_at[p.row.id])
        for p, a in rejected
    ]
    work.known += [parcel.known for parcel in shipment.accepted if parcel.known]
    work.attempts += shipment.attempts
    verdict = lane_update(shipment, now, random)
    work.verdicts.append(verdict)
    if verdict.stopped or (shipment.halted is not None and shipment.halted.wait_seconds is None):
        done = {p.row.id for p in shipment.accepted} | {p.row.id for p, _ in rejected}
        parcels = shipment.load.identifies + shipment.load.tracks
        work.failed += [
            (p.row, verdict.last_error)
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
    if answer is not None and answer.verdict is responses.Decision.STOP:
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
