"""Packing: never over a limit, never reordered, nothing dropped, no request more than needed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.utf8_json import to_utf8
from smrt_integration.delivery.pack import (
    MAX_BATCH_BYTES,
    MAX_BATCH_MESSAGES,
    SEPARATOR_BYTES,
    pack,
)

SEGMENT_TAKES_BYTES = 512_000
SEGMENT_TAKES_MESSAGES = 2_500


@dataclass(frozen=True)
class Message:
    number: int
    size: int


def messages(sizes: list[int]) -> list[Message]:
    return [Message(number, size) for number, size in enumerate(sizes)]


def used(batch: list[Message]) -> int:
    return sum(message.size + SEPARATOR_BYTES for message in batch)


sizes = st.lists(st.integers(1, 120), max_size=60)


@given(sizes)
def test_nothing_is_dropped_or_reordered(sizes: list[int]) -> None:
    sent = messages(sizes)

    assert [message for batch in pack(sent, 200, 7) for message in batch] == sent


@given(sizes)
def test_no_batch_is_over_a_limit_or_empty(sizes: list[int]) -> None:
    for batch in pack(messages(sizes), 200, 7):
        assert 1 <= len(batch) <= 7
        assert used(batch) <= 200


@given(sizes)
def test_a_batch_ends_only_where_the_next_message_does_not_fit(sizes: list[int]) -> None:
    batches = list(pack(messages(sizes), 200, 7))

    for batch, following in pairwise(batches):
        assert len(batch) == 7 or used([*batch, following[0]]) > 200


@given(st.lists(st.integers(199, 500), min_size=1, max_size=5))
def test_a_message_over_the_limit_is_a_batch_of_its_own(sizes: list[int]) -> None:
    assert [len(batch) for batch in pack(messages(sizes), 200, 7)] == [1] * len(sizes)


def test_the_limits_are_those_of_the_contract() -> None:
    assert (MAX_BATCH_BYTES, MAX_BATCH_MESSAGES) == (475_000, 500)
    assert [len(batch) for batch in pack(messages([100] * 1_201))] == [500, 500, 201]
    # 14 of them, each with its separator, are 458,780 bytes
    assert [len(batch) for batch in pack(messages([32_768] * 15))] == [14, 1]


@given(
    st.lists(
        st.dictionaries(
            st.text(),
            st.text() | st.integers(-(2**63), 2**63) | st.none() | st.booleans(),
            max_size=5,
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_request_is_never_larger_than_the_counted_size(bodies: list[dict[str, Any]]) -> None:
    counted = sum(len(to_utf8(body)) + SEPARATOR_BYTES for body in bodies)

    # the brackets are around the batch, which has room for what the SDK adds
    assert len(to_utf8(bodies)) <= counted + len("[]")


def test_a_full_batch_with_what_the_sdk_adds_stays_within_segments_limit() -> None:
    around = json.dumps(
        {"batch": [], "sentAt": datetime.now(UTC).isoformat(), "writeKey": "k" * 32}
    )

    assert MAX_BATCH_BYTES + len(around) < SEGMENT_TAKES_BYTES
    assert MAX_BATCH_MESSAGES < SEGMENT_TAKES_MESSAGES
