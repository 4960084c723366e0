"""Settle: turn a lane's result into what is written: message outcomes and the lane update."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from events.destination import destination_of
from events.models import Outcome
from events.outbox.rows import (
    FailedAttempt,
    LaneUpdate,
    PostedIdentify,
    SettledMessage,
    Settlement,
)
from events.outbox.settle import LOCKED_ROW_PAUSE
from events.outbox.unanswered import MAY_HAVE_IT
from smrt_integration.delivery import backoff, reduce
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.hold import add_held
from smrt_integration.delivery.messages import BuiltMessage
from smrt_integration.delivery.post import ALL_REFUSED, LaneResult
from smrt_integration.delivery.responses import Decision, Response

log = structlog.get_logger(__name__)


def one_per_business(results: Iterable[LaneResult]) -> tuple[list[LaneResult], list[LaneResult]]:
    """Return one result of each business, and the others.

    A process frozen past its lease may have claimed a lane twice, with the same messages. The
    second settling must see what the first one wrote.
    """
    first: dict[int, LaneResult] = {}
    others = [
        result
        for result in results
        if first.setdefault(result.lane_messages.lane.business_id, result) is not result
    ]
    return list(first.values()), others


def add_lane_result(
    settlement: Settlement, result: LaneResult, now: datetime, random: Callable[[], float]
) -> None:
    """Add to `settlement` what this lane's posts brought."""
    refused = [] if result.key_refused else result.refused
    update = lane_update(result, now, random)
    settlement.settled += result.lane_messages.settled
    settlement.identify_again += result.lane_messages.identify_again
    settlement.settled += [
        _settled(result, message, Outcome.ACCEPTED, reduce.sentence(message.omitted))
        for message in result.accepted
    ]
    settlement.settled += [_refused(result, message, response) for message, response in refused]
    settlement.accepted_identifies += [
        message.accepted_identify for message in result.accepted if message.accepted_identify
    ]
    add_held(settlement.held, result, refused)
    settlement.posted_identifies += _posted_identifies(result, [*result.accepted, *result.in_doubt])
    settlement.attempts += result.attempts
    settlement.lane_updates.append(update)
    done = {message.row.id for message in result.accepted}
    done |= {message.row.id for message, _ in refused}
    in_doubt = [message for message in result.in_doubt if message.row.id not in done]
    settlement.uncertain_customers += [
        message.row.customer_id for message in in_doubt if message.accepted_identify
    ]
    unanswered = [message for message in result.unanswered if message.row.id not in done]
    settlement.unanswered += _posted_identifies(result, unanswered)
    if _counts_as_failed(result, update):
        without_answer = {message.row.id for message in unanswered}
        settlement.failed_attempts += [
            FailedAttempt(
                message.row,
                update.last_error,
                result.sent_at[message.row.id] if message.row.id in without_answer else None,
            )
            for message in result.lane_messages.to_post
            if message.row.id in result.sent_at and message.row.id not in done
        ]


def _posted_identifies(
    result: LaneResult, messages: Iterable[BuiltMessage]
) -> Iterator[PostedIdentify]:
    for message in messages:
        accepted, sent_at = message.accepted_identify, result.sent_at.get(message.row.id)
        if accepted and sent_at:
            yield PostedIdentify(
                message.row, accepted.destination, message.traits_hash, message.body, sent_at
            )


def _refused(result: LaneResult, message: BuiltMessage, response: Response) -> SettledMessage:
    """Return the message as settled: as unconfirmed if an earlier attempt had no answer."""
    if message.was_unanswered:
        reason = f"{response.error} {MAY_HAVE_IT}"
        return _settled(result, message, Outcome.UNCONFIRMED, reason)
    return _settled(result, message, Outcome.REJECTED, response.error)


def _settled(
    result: LaneResult, message: BuiltMessage, outcome: Outcome, reason: str = ""
) -> SettledMessage:
    return SettledMessage(
        message.row, outcome, reason, message.body, result.sent_at[message.row.id]
    )


def _counts_as_failed(result: LaneResult, update: LaneUpdate) -> bool:
    """Return whether what was posted and not settled had a failed attempt.

    Waiting because Segment asked for it is no failure.
    """
    return bool(update.stopped) or (
        result.ended_by is not None and result.ended_by.wait_seconds is None
    )


def lane_update(result: LaneResult, now: datetime, random: Callable[[], float]) -> LaneUpdate:
    """Return how the lane goes on: at once, after a pause, or once its owner has acted."""
    lane, response = result.lane_messages.lane, result.ended_by
    stopped = ALL_REFUSED if result.key_refused else ""
    failures, resume_at, error = 0, now, ""
    if result.lane_messages.postponed:
        resume_at = now + LOCKED_ROW_PAUSE
    if response is not None and response.decision is Decision.HALT:
        stopped = response.error
    elif response is not None:
        failures = 0 if result.accepted else lane.failures
        failures, resume_at = _back_off(response, failures, now, random)
        error = response.error
    return LaneUpdate(
        lane.business_id,
        lane.token,
        lane.generation,
        resume_at,
        failures,
        stopped,
        stopped or error,
        accepted_at=now if result.accepted else None,
        accepted_destination=destination_of(lane.region, lane.write_key),
        refused_in_row=0 if stopped else result.refused_in_row,
    )


def _back_off(
    response: Response, failures: int, now: datetime, random: Callable[[], float]
) -> tuple[int, datetime]:
    """Return the count of failures and the time of the next attempt.

    A pause that Segment asked for does not count as a failure.
    """
    if response.wait_seconds is not None:
        return failures, now + timedelta(seconds=response.wait_seconds)
    return failures + 1, now + timedelta(seconds=backoff.seconds(failures + 1, random))


def log_lane_changes(lanes: Sequence[ClaimedLane], updates: Sequence[LaneUpdate]) -> None:
    """Log which lanes begin failing, and which are well again: once each, and not each attempt.

    When Segment is away, many do at once: one line has all of a settlement with the same error.
    """
    failing: dict[str, list[int]] = defaultdict(list)
    well: list[int] = []
    before = {lane.business_id: lane.failures for lane in lanes}
    for update in updates:
        was_failing = before[update.business_id] > 0
        if update.stopped or (update.failures and not was_failing):
            failing[update.stopped or update.last_error].append(update.business_id)
        elif was_failing and not update.failures:
            well.append(update.business_id)
    for error, businesses in failing.items():
        log.warning("lanes_failing", businesses=businesses, error=error)
    if well:
        log.warning("lanes_well", businesses=well)
