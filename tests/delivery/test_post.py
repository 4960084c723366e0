"""Shipping a load: identifies before tracks, refused batches halved until the offenders are alone, nothing decided on a guess."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from events.identify import IDENTIFY
from events.outbox.rows import OutboxRow
from smrt_integration.delivery import responses
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages
from smrt_integration.delivery.post import ENOUGH_SECONDS, OUT_OF_TIME, LaneResult, post_lane
from smrt_integration.delivery.responses import Decision, Response

KEY = "k" * 32
LANE = ClaimedLane(7, UUID(int=1), 1, 3, 0, "us", KEY, "America/Los_Angeles", None)
WELL = Response(Decision.ACCEPT, 200)
BROKEN = responses.decide(503, None)

Rule = Callable[[list[int]], Response]


def parcel(number: int, event: str = "Customer Visit") -> BuiltMessage:
    happened = datetime(2026, 5, 1, tzinfo=UTC)
    row = OutboxRow(
        number, 7, 1, UUID(int=number), event, number, f"{number:032x}", happened, {}, 0
    )
    return BuiltMessage(row, {"number": number}, 100, "")


def load(tracks: Collection[int], identifies: Collection[int] = ()) -> LaneMessages:
    return LaneMessages(
        LANE,
        [parcel(number, IDENTIFY) for number in identifies],
        [parcel(number) for number in tracks],
    )


class Receiver:
    """Answers by a rule on the numbers of the messages, and keeps what it was sent."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.batches: list[list[int]] = []
        self.callers: set[tuple[str, str, int]] = set()

    def __call__(
        self, write_key: str, host: str, messages: list[dict[str, Any]], retry_count: int
    ) -> Response:
        numbers = [message["number"] for message in messages]
        self.batches.append(numbers)
        self.callers.add((write_key, host, retry_count))
        return self.rule(numbers)


def refusing(offenders: Collection[int], status: int = 400) -> Rule:
    return lambda numbers: responses.decide(status, None) if set(numbers) & set(offenders) else WELL


def numbers(parcels: list[BuiltMessage]) -> list[int]:
    return [parcel.row.id for parcel in parcels]


def rejected(shipment: LaneResult) -> list[int]:
    return [parcel.row.id for parcel, _ in shipment.rejected]


def test_identifies_travel_in_a_request_of_their_own_before_the_tracks() -> None:
    receiver = Receiver(lambda numbers: WELL)

    shipment = post_lane(load(tracks=[3, 4], identifies=[1, 2]), receiver)

    assert receiver.batches == [[1, 2], [3, 4]]
    assert numbers(shipment.accepted) == [1, 2, 3, 4]
    assert (shipment.halted, shipment.rejected, shipment.key_refused) == (None, [], False)


def test_each_post_goes_to_the_business_with_its_count_of_failed_attempts(
    settings: Settings,
) -> None:
    settings.SEGMENT_HOST = ""
    receiver = Receiver(lambda numbers: WELL)

    post_lane(load([1]), receiver)

    assert receiver.callers == {(KEY, "https://api.segment.io", 3)}


def test_tracks_stay_while_the_identifies_before_them_are_not_accepted() -> None:
    receiver = Receiver(lambda numbers: BROKEN)

    shipment = post_lane(load(tracks=[3, 4], identifies=[1, 2]), receiver)

    assert receiver.batches == [[1, 2]]
    assert (shipment.halted, shipment.accepted, sorted(shipment.sent_at)) == (BROKEN, [], [1, 2])


def test_the_second_of_two_batches_stays_when_the_first_fails() -> None:
    receiver = Receiver(lambda numbers: BROKEN)

    post_lane(load(range(1, 601)), receiver)

    assert [len(batch) for batch in receiver.batches] == [500]


@given(st.integers(1, 40), st.sets(st.integers(1, 40)))
def test_halving_finds_exactly_the_offenders(count: int, offenders: set[int]) -> None:
    everybody = list(range(1, count + 1))
    receiver = Receiver(refusing(offenders))

    shipment = post_lane(load(everybody), receiver)

    fine = [number for number in everybody if number not in offenders]
    assert numbers(shipment.accepted) == fine
    assert rejected(shipment) == (
        [number for number in everybody if number in offenders] if fine else []
    )
    assert shipment.key_refused == (not fine)
    assert len(receiver.batches) <= 2 * count - 1
    assert len(shipment.attempts) == len(receiver.batches)


def test_one_offender_among_500_takes_19_requests() -> None:
    receiver = Receiver(refusing({137}))

    shipment = post_lane(load(range(500)), receiver)

    assert rejected(shipment) == [137]
    assert len(shipment.accepted) == 499
    assert len(receiver.batches) <= 19


def test_when_every_single_one_is_refused_the_key_is_at_fault_and_nothing_is_rejected() -> None:
    shipment = post_lane(load(tracks=[3, 4], identifies=[1, 2]), Receiver(refusing({1, 2, 3, 4})))

    assert shipment.key_refused
    assert (shipment.rejected, shipment.accepted) == ([], [])


def test_a_refused_identify_is_rejected_once_a_track_proves_the_key() -> None:
    shipment = post_lane(load(tracks=[3, 4], identifies=[1, 2]), Receiver(refusing({1})))

    assert (rejected(shipment), numbers(shipment.accepted), shipment.key_refused) == (
        [1],
        [2, 3, 4],
        False,
    )


def test_a_breakdown_in_the_middle_of_halving_keeps_what_is_known_and_blames_nobody_else() -> None:
    def rule(numbers: list[int]) -> Response:
        return BROKEN if numbers == [4] else refusing({3, 4})(numbers)

    shipment = post_lane(load(range(1, 9)), Receiver(rule))

    assert (numbers(shipment.accepted), rejected(shipment), shipment.halted) == (
        [1, 2],
        [3],
        BROKEN,
    )
    assert not shipment.key_refused


def test_a_breakdown_before_anything_was_accepted_does_not_blame_the_key() -> None:
    def rule(numbers: list[int]) -> Response:
        return BROKEN if numbers == [2] else responses.decide(400, None)

    shipment = post_lane(load([1, 2]), Receiver(rule))

    assert (shipment.key_refused, shipment.rejected, shipment.halted) == (False, [], BROKEN)


def test_a_message_that_is_too_large_alone_is_rejected_though_nothing_was_accepted() -> None:
    shipment = post_lane(load([1]), Receiver(refusing({1}, status=413)))

    assert (rejected(shipment), shipment.key_refused, shipment.halted) == ([1], False, None)


@given(st.integers(1, 40), st.sets(st.integers(1, 40)))
def test_413_is_split_until_the_large_ones_are_alone(count: int, large: set[int]) -> None:
    everybody = range(1, count + 1)

    shipment = post_lane(load(everybody), Receiver(refusing(large, status=413)))

    assert rejected(shipment) == [number for number in everybody if number in large]
    assert numbers(shipment.accepted) == [number for number in everybody if number not in large]


def test_413_for_a_whole_request_needs_no_more_than_smaller_ones() -> None:
    receiver = Receiver(lambda numbers: responses.decide(413, None) if len(numbers) > 2 else WELL)

    shipment = post_lane(load(range(8)), receiver)

    assert (numbers(shipment.accepted), shipment.rejected) == (list(range(8)), [])


def test_halving_that_takes_too_long_goes_on_in_the_next_round_without_counting_as_failed() -> None:
    ticks = iter(range(1_000))
    receiver = Receiver(refusing({5}))

    shipment = post_lane(load(range(8)), receiver, clock=lambda: next(ticks) * ENOUGH_SECONDS / 4)

    assert shipment.halted is OUT_OF_TIME
    assert (OUT_OF_TIME.decision, OUT_OF_TIME.wait_seconds, OUT_OF_TIME.error) == (
        Decision.BACK_OFF,
        0.0,
        "",
    )
    assert numbers(shipment.accepted) == [0, 1, 2, 3]
    assert shipment.rejected == []


def test_out_of_time_with_everything_refused_so_far_blames_the_key() -> None:
    ticks = iter(range(1_000))

    shipment = post_lane(
        load(range(8)), Receiver(refusing(range(8))), clock=lambda: next(ticks) * ENOUGH_SECONDS / 6
    )

    assert (shipment.halted, shipment.key_refused, shipment.rejected) == (OUT_OF_TIME, True, [])


def test_a_stop_ends_the_shipment_at_once() -> None:
    receiver = Receiver(lambda numbers: responses.decide(401, None))

    shipment = post_lane(load(tracks=[3], identifies=[1, 2]), receiver)

    assert receiver.batches == [[1, 2]]
    assert shipment.halted == responses.decide(401, None)


def test_every_post_leaves_an_attempt() -> None:
    shipment = post_lane(load(range(1, 5)), Receiver(refusing({1})))

    assert [(attempt.status, attempt.messages, attempt.bytes) for attempt in shipment.attempts] == [
        (400, 4, 400),
        (400, 2, 200),
        (400, 1, 100),
        (200, 1, 100),
        (200, 2, 200),
    ]
    assert {attempt.business_id for attempt in shipment.attempts} == {7}


def test_without_a_write_key_nothing_is_posted_and_the_owner_is_asked_for_it() -> None:
    receiver = Receiver(lambda numbers: WELL)
    keyless = ClaimedLane(7, UUID(int=1), 1, 0, 0, "us", "", "America/Los_Angeles", None)

    shipment = post_lane(LaneMessages(keyless, [], [parcel(1)]), receiver)

    assert receiver.batches == []
    assert (shipment.halted, shipment.accepted, shipment.sent_at) == (responses.no_key(), [], {})
    assert responses.no_key().decision is Decision.HALT


def test_a_slow_receiver_gets_what_it_can_take_in_a_round_and_the_rest_in_the_next() -> None:
    ticks = iter(range(1_000))
    receiver = Receiver(lambda numbers: WELL)

    shipment = post_lane(
        load(range(2_000)), receiver, clock=lambda: next(ticks) * ENOUGH_SECONDS / 2
    )

    assert [len(batch) for batch in receiver.batches] == [500, 500]
    assert (len(shipment.accepted), shipment.halted) == (1_000, OUT_OF_TIME)
