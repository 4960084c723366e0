"""The responses of Segment's endpoints, and the messages that they accept."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.devtools.segment_stub.requests_to_stub import (
    EU_KEY,
    US_KEY,
    batch_of_size,
    gzipped_json,
    message_of_size,
    post,
    post_gzip,
    send,
    track,
)
from tests.segment import SegmentStandIn

INVALID_KEY = {"success": False, "message": "An invalid write key was provided"}


def test_each_message_of_a_batch_is_accepted(segment: SegmentStandIn) -> None:
    first, second = track(event="Order Created"), track(event="Order Ready")

    response = post(segment, {"batch": [first, second]})

    assert (response.status_code, response.json()) == (200, {"success": True})
    arrivals = segment.messages()
    assert [arrival.message for arrival in arrivals] == [first, second]
    assert [(arrival.verdict, arrival.reason, arrival.write_key) for arrival in arrivals] == [
        ("accepted", "", US_KEY)
    ] * 2
    assert [arrival.size for arrival in arrivals] == [
        len(json.dumps(first)),
        len(json.dumps(second)),
    ]
    assert arrivals[1].number == arrivals[0].number + 1
    assert {arrival.request for arrival in arrivals} == {segment.requests()[0].number}


def test_import_accepts_any_timestamp(segment: SegmentStandIn) -> None:
    old = track(timestamp="1999-12-31T23:59:59.000Z")

    assert post(segment, {"batch": [old]}, path="/v1/import").status_code == 200

    assert segment.accepted() == [old]


@pytest.mark.parametrize("method", ["track", "identify", "page", "screen", "group", "alias"])
def test_a_single_message_gets_its_type_from_the_endpoint_and_has_no_write_key(
    segment: SegmentStandIn, method: str
) -> None:
    response = post(
        segment,
        {"userId": "u1", "event": "Order Ready", "writeKey": US_KEY},
        write_key=None,
        path=f"/v1/{method}",
    )

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert segment.accepted(US_KEY) == [{"userId": "u1", "event": "Order Ready", "type": method}]


def test_an_empty_batch_is_answered_200(segment: SegmentStandIn) -> None:
    assert post(segment, {"batch": []}).status_code == 200
    assert segment.messages() == []


def test_an_unknown_write_key_is_answered_200(segment: SegmentStandIn) -> None:
    assert post(segment, {"batch": [track()]}, write_key="nobody-has-this-key").status_code == 200
    assert segment.counts("nobody-has-this-key") == {"accepted": 1, "dropped": 0}


def test_the_write_key_may_be_in_the_body(segment: SegmentStandIn) -> None:
    assert (
        post(segment, {"batch": [track()], "writeKey": US_KEY}, write_key=None).status_code == 200
    )
    assert segment.counts(US_KEY)["accepted"] == 1


def test_the_write_key_in_the_body_takes_precedence(segment: SegmentStandIn) -> None:
    assert (
        post(segment, {"batch": [track()], "writeKey": EU_KEY}, write_key=US_KEY).status_code == 200
    )
    assert (segment.counts(US_KEY)["accepted"], segment.counts(EU_KEY)["accepted"]) == (0, 1)


@pytest.mark.parametrize("key", [None, "", "abc123", "é"])
def test_a_missing_or_very_short_write_key_is_answered_400_and_nothing_is_accepted(
    segment: SegmentStandIn, key: str | None
) -> None:
    response = post(segment, {"batch": [track()], "writeKey": key}, write_key=None)

    assert (response.status_code, response.json()) == (400, INVALID_KEY)
    assert segment.messages() == []


def test_a_short_write_key_in_the_header_is_answered_400(segment: SegmentStandIn) -> None:
    assert post(segment, {"batch": [track()]}, write_key="abc123").json() == INVALID_KEY
    assert post(segment, {"batch": [track()]}, write_key="").json() == INVALID_KEY
    assert segment.messages() == []


def test_a_write_key_of_seven_characters_is_answered_200(segment: SegmentStandIn) -> None:
    assert post(segment, {"batch": [track()]}, write_key="bad_key").status_code == 200


@pytest.mark.parametrize("authorization", ["Basic !!!", "Basic /////w==", "Bearer token", "Basic"])
def test_an_authorization_without_a_key_is_ignored(
    segment: SegmentStandIn, authorization: str
) -> None:
    headers = {"Authorization": authorization}

    assert send(segment, b'{"batch": []}', "/v1/batch", headers=headers).json() == INVALID_KEY
    assert (
        send(
            segment, b'{"batch": [], "writeKey": "long-enough"}', "/v1/batch", headers=headers
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b'{"batch": [',
        b'{"batch": [{}',
        b'{"batch": [{},]}',
        b'{"batch": [{} {}]}',
        b'{"batch": []} {}',
        b'{"batch": [],}',
        b'{"batch" []}',
        b"{1: 2}",
        b'{"batch": [{"userId": "\xff"}]}',
        b'{"batch": [{"properties": {"value": NaN}}]}',
        b'{"batch": [{"properties": {"value": -Infinity}}]}',
        b'{"batch": [{"note": "line\nbreak"}]}',
        b'{"a": ' + b"[" * 200_000 + b"}",
    ],
)
def test_a_body_that_is_not_json_is_answered_400(segment: SegmentStandIn, body: bytes) -> None:
    response = post(segment, body)

    assert response.status_code == 400
    assert response.json()["success"] is False
    assert response.json()["message"].startswith("The body is not valid JSON")
    assert segment.messages() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "batch must be an array of messages"),
        ({"batch": {}}, "batch must be an array of messages"),
        ({"batch": None}, "batch must be an array of messages"),
        ({"batch": [track(), "text"]}, "batch must hold nothing but objects"),
        ({"batch": [[]]}, "batch must hold nothing but objects"),
        ({"batch": [track()], "writeKey": 12345678}, "An invalid write key was provided"),
        ([], "The body is not valid JSON"),
    ],
)
def test_a_malformed_body_is_answered_400_and_nothing_is_accepted(
    segment: SegmentStandIn, body: object, message: str
) -> None:
    response = post(segment, body)

    assert (response.status_code, response.json()) == (400, {"success": False, "message": message})
    assert segment.messages() == []
    assert [(one.status, one.reason, one.withheld) for one in segment.requests()] == [
        (400, message, False)
    ]


def test_a_gzip_body_is_inflated(segment: SegmentStandIn) -> None:
    message = track(properties={"sold_by": "Zoë"})

    assert post_gzip(segment, gzipped_json({"batch": [message]})).status_code == 200

    assert segment.accepted() == [message]


@pytest.mark.parametrize(
    "damage", [lambda body: body[:-9], lambda body: b"no gzip", lambda body: body + body]
)
def test_a_damaged_gzip_body_is_answered_400(segment: SegmentStandIn, damage: Any) -> None:
    response = post_gzip(segment, damage(gzipped_json({"batch": [track()]})))

    assert (response.status_code, response.json()["message"]) == (400, "The body is not valid gzip")
    assert segment.messages() == []


def test_a_request_of_512_000_bytes_is_accepted_and_one_byte_more_is_refused(
    segment: SegmentStandIn,
) -> None:
    assert post(segment, batch_of_size(512_000)).status_code == 200
    assert len(segment.accepted()) == 2

    response = post(segment, batch_of_size(512_001))

    assert (response.status_code, response.json()["message"]) == (400, "Exceed payload limit")
    assert len(segment.messages()) == 2


def test_the_limit_of_a_request_counts_the_bytes_after_gunzip(segment: SegmentStandIn) -> None:
    assert post_gzip(segment, gzip.compress(batch_of_size(512_000))).status_code == 200
    assert (
        post_gzip(segment, gzip.compress(batch_of_size(512_001))).json()["message"]
        == "Exceed payload limit"
    )
    assert (
        post_gzip(segment, gzip.compress(b"x" * 50_000_000, compresslevel=1)).json()["message"]
        == "Exceed payload limit"
    )
    assert len(segment.messages()) == 2


def test_a_request_of_many_megabytes_is_refused(segment: SegmentStandIn) -> None:
    response = post(segment, batch_of_size(6_000_000))

    assert (response.status_code, response.json()["message"]) == (400, "Exceed payload limit")
    assert [(one.status, one.write_key, one.messages) for one in segment.requests()] == [
        (400, US_KEY, 0)
    ]


def test_a_single_message_over_32_768_bytes_is_refused(segment: SegmentStandIn) -> None:
    assert post(segment, message_of_size(32_768), path="/v1/track").status_code == 200

    response = post(segment, message_of_size(32_769), path="/v1/track")

    assert (response.status_code, response.json()["message"]) == (400, "Exceed payload limit")
    assert len(segment.messages()) == 1


def test_a_message_is_kept_exactly_as_it_was_sent(segment: SegmentStandIn) -> None:
    event = b'"Caf\xc3\xa9 \\u00e9 \\ud83d\\ude00 \xe2\x80\xa8"'
    message = (
        b'{"type":"track",\n  "event" : '
        + event
        + b',\r\n"userId":"u","properties":{"value":12345678901234567890.120}}'
    )

    assert post(segment, b'{ "batch" : [ ' + message + b" ] }").status_code == 200

    (line,) = requests.get(segment.url + "/messages", timeout=20).content.splitlines()
    assert message.replace(b"\n", b" ").replace(b"\r", b" ") in line
    assert segment.messages()[0].size == len(message)


def test_the_timestamp_is_corrected_by_the_senders_clock(segment: SegmentStandIn) -> None:
    sent = {
        "batch": [track(timestamp="2026-03-01T10:00:00.000Z")],
        "sentAt": "2026-03-01T11:01:30.000+01:00",
    }

    post(segment, sent)

    (arrival,) = segment.messages()
    assert arrival.received_at - arrival.timestamp == timedelta(seconds=90)


def test_other_methods_and_paths_do_not_exist(segment: SegmentStandIn) -> None:
    assert requests.get(segment.url + "/v1/batch", timeout=20).status_code == 405
    assert post(segment, {"batch": []}, path="/v2/batch").status_code == 404
    assert segment.requests() == []
