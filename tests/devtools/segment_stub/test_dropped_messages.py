"""Messages that Segment answers 200 and drops, and the reasons."""

from typing import Any

import pytest

from tests.devtools.segment_stub.requests_to_stub import (
    EU_KEY,
    US_KEY,
    message_of_size,
    post,
    track,
)
from tests.segment import SegmentStandIn


def test_a_message_of_32_768_bytes_is_accepted_and_one_byte_more_is_dropped(
    segment: SegmentStandIn,
) -> None:
    assert (
        post(
            segment, {"batch": [message_of_size(32_768), message_of_size(32_769), track()]}
        ).status_code
        == 200
    )

    assert [(arrival.verdict, arrival.reason) for arrival in segment.messages()] == [
        ("accepted", ""),
        ("dropped", "The message is 32,769 bytes, over the limit of 32,768."),
        ("accepted", ""),
    ]


def test_the_size_of_a_message_is_its_bytes_as_sent(segment: SegmentStandIn) -> None:
    """The SDK writes é as an escape, which takes six bytes."""
    post(segment, {"batch": [track(properties={"note": "é" * 5_600})]})

    assert segment.messages()[0].verdict == "dropped"
    assert segment.messages()[0].size > 32_768


def test_2_500_messages_are_accepted(segment: SegmentStandIn) -> None:
    post(
        segment, {"batch": [{"type": "identify", "userId": str(number)} for number in range(2_500)]}
    )

    assert segment.counts() == {"accepted": 2_500, "dropped": 0}


def test_a_request_of_2_501_messages_is_answered_200_and_dropped(segment: SegmentStandIn) -> None:
    response = post(
        segment, {"batch": [{"type": "identify", "userId": str(number)} for number in range(2_501)]}
    )

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert segment.counts() == {"accepted": 0, "dropped": 2_501}
    assert {arrival.reason for arrival in segment.messages()} == {
        "The request has 2,501 messages, over the limit of 2,500."
    }


@pytest.mark.parametrize(
    "ids", [{"userId": None}, {"userId": ""}, {"userId": True}, {"userId": None, "anonymousId": ""}]
)
def test_a_message_without_an_id_is_dropped(segment: SegmentStandIn, ids: dict[str, Any]) -> None:
    assert post(segment, {"batch": [track(**ids)]}).status_code == 200

    assert [(arrival.verdict, arrival.reason) for arrival in segment.messages()] == [
        ("dropped", "The message has neither userId nor anonymousId.")
    ]


@pytest.mark.parametrize("ids", [{"userId": 12}, {"userId": None, "anonymousId": "a1"}])
def test_a_number_or_an_anonymous_id_is_an_id(segment: SegmentStandIn, ids: dict[str, Any]) -> None:
    post(segment, {"batch": [track(**ids)]})

    assert segment.counts()["accepted"] == 1


@pytest.mark.parametrize("kind", [None, "", "tracks", 5, ["track"]])
def test_a_message_of_no_known_type_is_dropped(segment: SegmentStandIn, kind: object) -> None:
    post(segment, {"batch": [track(type=kind)]})

    assert [(arrival.verdict, arrival.reason) for arrival in segment.messages()] == [
        ("dropped", "The message has no valid type.")
    ]


@pytest.mark.parametrize("event", [None, "", 7])
def test_a_track_without_an_event_name_is_dropped(segment: SegmentStandIn, event: object) -> None:
    post(segment, {"batch": [track(event=event)]})

    assert [(arrival.verdict, arrival.reason) for arrival in segment.messages()] == [
        ("dropped", "The track has no event name.")
    ]


def test_a_message_id_over_100_characters_is_dropped(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track(messageId="m" * 100), track(messageId="m" * 101)]})

    assert [(arrival.verdict, arrival.reason) for arrival in segment.messages()] == [
        ("accepted", ""),
        ("dropped", "The messageId is longer than 100 characters."),
    ]


def test_a_repeated_message_id_is_dropped_even_with_another_write_key(
    segment: SegmentStandIn,
) -> None:
    again = track(messageId="c0ffee00c0ffee00c0ffee00c0ffee00")

    assert post(segment, {"batch": [again]}, US_KEY).status_code == 200
    assert (
        post(segment, {"batch": [again | {"event": "Order Returned"}]}, EU_KEY).status_code == 200
    )

    first, second = segment.messages()
    assert (first.verdict, first.write_key) == ("accepted", US_KEY)
    assert (second.verdict, second.write_key) == ("dropped", EU_KEY)
    assert (
        second.reason == "A message with messageId c0ffee00c0ffee00c0ffee00c0ffee00 "
        "was accepted in the last 24 hours."
    )


def test_a_message_id_repeated_within_a_batch_is_dropped(segment: SegmentStandIn) -> None:
    again = track()

    post(segment, {"batch": [again, again]})

    assert [arrival.verdict for arrival in segment.messages()] == ["accepted", "dropped"]


def test_the_message_id_of_a_dropped_message_is_not_remembered(segment: SegmentStandIn) -> None:
    good = track()

    post(segment, {"batch": [good | {"userId": ""}]})
    post(segment, {"batch": [good]})

    assert [arrival.verdict for arrival in segment.messages()] == ["dropped", "accepted"]


def test_messages_without_a_message_id_are_no_duplicates(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track(messageId=None), track(messageId=None)]})

    assert segment.counts() == {"accepted": 2, "dropped": 0}
