"""Posting a lane: identifies before tracks, and bisecting until the refused messages are alone."""

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from events.identify import IDENTIFY
from events.outbox.rows import OutboxRow
from events.utf8_json import to_utf8
from smrt_integration.delivery import responses
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages
from smrt_integration.delivery.post import LANE_BUDGET_SECONDS, OUT_OF_TIME, LaneResult, post_lane
from smrt_integration.delivery.responses import Decision, Response

KEY = "k" * 32
LANE = ClaimedLane(7, UUID(int=1), 1, 3, 0, "us", KEY, "America/Los_Angeles", None)
ACCEPTED = Response(Decision.ACCEPT, 200)
UNAVAILABLE = responses.interpret(503, None)

Rule = Callable[[list[int]], Response]


def built_message(number: int, event: str = "Customer Visit") -> BuiltMessage:
    occurred_at = datetime(2026, 5, 1, tzinfo=UTC)
    row = OutboxRow(
        number, 7, 1, UUID(int=number), event, number, f"{number:032x}", occurred_at, {}, 0
    )
    wire = to_utf8({"number": number}).ljust(100)
    return BuiltMessage(row, {"number": number}, wire, "")


def lane_messages(tracks: Collection[int], identifies: Collection[int] = ()) -> LaneMessages:
    return LaneMessages(
        LANE,
        [built_message(number, IDENTIFY) for number in identifies],
        [built_message(number) for number in tracks],
    )


class Receiver:
    """Responds by a rule on the numbers of the messages, and records what it was sent."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.batches: list[list[int]] = []
        self.calls: set[tuple[str, str, int]] = set()

    def __call__(
        self, write_key: str, host: str, messages: list[bytes], retry_count: int
    ) -> Response:
        numbers = [json.loads(message)["number"] for message in messages]
        self.batches.append(numbers)
        self.calls.add((write_key, host, retry_count))
        return self.rule(numbers)


def refusing(refused: Collection[int], status: int = 400) -> Rule:
    return lambda numbers: (
        responses.interpret(status, None) if set(numbers) & set(refused) else ACCEPTED
    )


def numbers(messages: list[BuiltMessage]) -> list[int]:
    return [message.row.id for message in messages]


def refused_numbers(result: LaneResult) -> list[int]:
    return [message.row.id for message, _ in result.refused]


def test_identifies_are_posted_in_a_request_of_their_own_before_the_tracks() -> None:
    receiver = Receiver(lambda numbers: ACCEPTED)

    result = post_lane(lane_messages(tracks=[3, 4], identifies=[1, 2]), receiver)

    assert receiver.batches == [[1, 2], [3, 4]]
    assert numbers(result.accepted) == [1, 2, 3, 4]
    assert (result.ended_by, result.refused, result.key_refused) == (None, [], False)


def test_each_post_has_the_lanes_key_and_its_count_of_failed_attempts(
    settings: Settings,
) -> None:
    settings.SEGMENT_HOST = ""
    receiver = Receiver(lambda numbers: ACCEPTED)

    post_lane(lane_messages([1]), receiver)

    assert receiver.calls == {(KEY, "https://api.segment.io", 3)}


def test_tracks_are_not_posted_while_the_identifies_before_them_fail() -> None:
    receiver = Receiver(lambda numbers: UNAVAILABLE)

    result = post_lane(lane_messages(tracks=[3, 4], identifies=[1, 2]), receiver)

    assert receiver.batches == [[1, 2]]
    assert (result.ended_by, result.accepted, sorted(result.sent_at)) == (UNAVAILABLE, [], [1, 2])


def test_the_second_batch_is_not_posted_when_the_first_fails() -> None:
    receiver = Receiver(lambda numbers: UNAVAILABLE)

    post_lane(lane_messages(range(1, 601)), receiver)

    assert [len(batch) for batch in receiver.batches] == [500]


@given(st.integers(1, 40), st.sets(st.integers(1, 40)))
def test_bisecting_finds_exactly_the_refused_messages(count: int, refused: set[int]) -> None:
    everything = list(range(1, count + 1))
    receiver = Receiver(refusing(refused))

    result = post_lane(lane_messages(everything), receiver)

    accepted = [number for number in everything if number not in refused]
    assert numbers(result.accepted) == accepted
    assert refused_numbers(result) == (
        [number for number in everything if number in refused] if accepted else []
    )
    assert result.key_refused == (not accepted)
    assert len(receiver.batches) <= 2 * count - 1
    assert len(result.attempts) == len(receiver.batches)


def test_finding_one_refused_message_among_500_takes_19_requests() -> None:
    receiver = Receiver(refusing({137}))

    result = post_lane(lane_messages(range(500)), receiver)

    assert refused_numbers(result) == [137]
    assert len(result.accepted) == 499
    assert len(receiver.batches) <= 19


def test_when_every_message_is_refused_the_key_is_at_fault_and_no_message() -> None:
    result = post_lane(
        lane_messages(tracks=[3, 4], identifies=[1, 2]), Receiver(refusing({1, 2, 3, 4}))
    )

    assert result.key_refused
    assert (result.refused, result.accepted) == ([], [])


def test_a_refused_identify_counts_as_refused_once_a_track_proves_the_key() -> None:
    result = post_lane(lane_messages(tracks=[3, 4], identifies=[1, 2]), Receiver(refusing({1})))

    assert (refused_numbers(result), numbers(result.accepted), result.key_refused) == (
        [1],
        [2, 3, 4],
        False,
    )


def test_an_error_while_bisecting_keeps_what_is_known_and_refuses_nothing_else() -> None:
    def rule(numbers: list[int]) -> Response:
        return UNAVAILABLE if numbers == [4] else refusing({3, 4})(numbers)

    result = post_lane(lane_messages(range(1, 9)), Receiver(rule))

    assert (numbers(result.accepted), refused_numbers(result), result.ended_by) == (
        [1, 2],
        [3],
        UNAVAILABLE,
    )
    assert not result.key_refused


def test_an_error_before_anything_was_accepted_does_not_blame_the_key() -> None:
    def rule(numbers: list[int]) -> Response:
        return UNAVAILABLE if numbers == [2] else responses.interpret(400, None)

    result = post_lane(lane_messages([1, 2]), Receiver(rule))

    assert (result.key_refused, result.refused, result.ended_by) == (False, [], UNAVAILABLE)


def test_a_message_that_is_too_large_alone_is_refused_although_nothing_was_accepted() -> None:
    result = post_lane(lane_messages([1]), Receiver(refusing({1}, status=413)))

    assert (refused_numbers(result), result.key_refused, result.ended_by) == ([1], False, None)


@given(st.integers(1, 40), st.sets(st.integers(1, 40)))
def test_413_is_split_until_the_large_messages_are_alone(count: int, large: set[int]) -> None:
    everything = range(1, count + 1)

    result = post_lane(lane_messages(everything), Receiver(refusing(large, status=413)))

    assert refused_numbers(result) == [number for number in everything if number in large]
    assert numbers(result.accepted) == [number for number in everything if number not in large]


def test_413_for_a_whole_request_leads_to_smaller_requests_and_refuses_nothing() -> None:
    receiver = Receiver(
        lambda numbers: responses.interpret(413, None) if len(numbers) > 2 else ACCEPTED
    )

    result = post_lane(lane_messages(range(8)), receiver)

    assert (numbers(result.accepted), result.refused) == (list(range(8)), [])


def test_bisecting_that_takes_too_long_continues_in_the_next_round_without_counting_as_failed() -> (
    None
):
    ticks = iter(range(1_000))
    receiver = Receiver(refusing({5}))

    result = post_lane(
        lane_messages(range(8)), receiver, clock=lambda: next(ticks) * LANE_BUDGET_SECONDS / 4
    )

    assert result.ended_by is OUT_OF_TIME
    assert (OUT_OF_TIME.decision, OUT_OF_TIME.wait_seconds, OUT_OF_TIME.error) == (
        Decision.BACK_OFF,
        0.0,
        "",
    )
    assert numbers(result.accepted) == [0, 1, 2, 3]
    assert result.refused == []


def test_out_of_time_with_everything_refused_so_far_blames_the_key() -> None:
    ticks = iter(range(1_000))

    result = post_lane(
        lane_messages(range(8)),
        Receiver(refusing(range(8))),
        clock=lambda: next(ticks) * LANE_BUDGET_SECONDS / 6,
    )

    assert (result.ended_by, result.key_refused, result.refused) == (OUT_OF_TIME, True, [])


def test_a_halt_ends_posting_at_once() -> None:
    receiver = Receiver(lambda numbers: responses.interpret(401, None))

    result = post_lane(lane_messages(tracks=[3], identifies=[1, 2]), receiver)

    assert receiver.batches == [[1, 2]]
    assert result.ended_by == responses.interpret(401, None)


def test_every_post_leaves_an_attempt() -> None:
    result = post_lane(lane_messages(range(1, 5)), Receiver(refusing({1})))

    assert [(attempt.status, attempt.messages, attempt.bytes) for attempt in result.attempts] == [
        (400, 4, 400),
        (400, 2, 200),
        (400, 1, 100),
        (200, 1, 100),
        (200, 2, 200),
    ]
    assert {attempt.business_id for attempt in result.attempts} == {7}


def test_without_a_write_key_nothing_is_posted_and_the_owner_is_asked_for_it() -> None:
    receiver = Receiver(lambda numbers: ACCEPTED)
    keyless = ClaimedLane(7, UUID(int=1), 1, 0, 0, "us", "", "America/Los_Angeles", None)

    result = post_lane(LaneMessages(keyless, [], [built_message(1)]), receiver)

    assert receiver.batches == []
    assert (result.ended_by, result.accepted, result.sent_at) == (responses.no_key(), [], {})
    assert responses.no_key().decision is Decision.HALT


def test_a_slow_receiver_gets_the_rest_in_the_next_round() -> None:
    ticks = iter(range(1_000))
    receiver = Receiver(lambda numbers: ACCEPTED)

    result = post_lane(
        lane_messages(range(2_000)), receiver, clock=lambda: next(ticks) * LANE_BUDGET_SECONDS / 2
    )

    assert [len(batch) for batch in receiver.batches] == [500, 500]
    assert (len(result.accepted), result.ended_by) == (1_000, OUT_OF_TIME)
