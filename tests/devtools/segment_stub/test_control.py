"""The stand-in's API for developers and tests."""

import json
import re
from typing import Any

import pytest
import requests

from tests.devtools.segment_stub.requests_to_stub import EU_KEY, US_KEY, post, send, track
from tests.segment import SegmentStandIn

KINDS = (
    "kind must be one of status, delay, hang, cut, accept_then_timeout, accept_then_cut, redirect, "
    "refuse_messages."
)


def _get(segment: SegmentStandIn, path: str) -> requests.Response:
    return requests.get(segment.url + path, timeout=20)


def _lines(segment: SegmentStandIn, path: str) -> list[dict[str, Any]]:
    response = _get(segment, path)
    assert response.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    return [json.loads(line) for line in response.content.splitlines()]


def test_a_message_line_has_every_field(segment: SegmentStandIn) -> None:
    message = track()
    post(
        segment,
        {
            "batch": [
                {"type": "identify", "userId": message["userId"], "traits": {"name": "Ann Lee"}},
                message,
            ]
        },
    )

    line = _lines(segment, "/messages")[1]

    assert list(line) == [
        "number",
        "request",
        "writeKey",
        "verdict",
        "reason",
        "receivedAt",
        "timestamp",
        "bytes",
        "customer",
        "message",
    ]
    assert (line["writeKey"], line["verdict"], line["reason"], line["customer"]) == (
        US_KEY,
        "accepted",
        "",
        "Ann Lee",
    )
    assert line["message"] == message
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["receivedAt"])


def test_messages_are_filtered_by_key_verdict_customer_and_number(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track(event="a", userId="u1"), track(event="b", userId="")]}, US_KEY)
    post(segment, {"batch": [track(event="c", userId="u1"), track(event="d", userId="u2")]}, EU_KEY)
    number = _lines(segment, "/messages")[0]["number"]

    def events(query: str) -> list[str]:
        return [line["message"]["event"] for line in _lines(segment, f"/messages?{query}")]

    assert events(f"write_key={US_KEY}") == ["a", "b"]
    assert events("verdict=dropped") == ["b"]
    assert events(f"verdict=accepted&write_key={US_KEY}") == ["a"]
    assert events("user_id=u1") == ["a", "c"]
    assert events(f"after={number + 1}") == ["c", "d"]
    assert events("newest=1") == ["d"]
    assert events(f"newest=1&write_key={US_KEY}") == ["b"]
    assert events("newest=9") == ["a", "b", "c", "d"]
    assert events(f"after={number + 3}") == []


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/messages?verdict=lost", "verdict must be one of accepted, dropped."),
        ("/messages?after=x", "after must be a whole number."),
        ("/messages?newest=-1", "newest must be a whole number."),
        (
            "/messages?writekey=x",
            "There is no filter writekey; use after, newest, user_id, verdict, write_key.",
        ),
        ("/requests?verdict=x", "There is no filter verdict; use after, write_key."),
    ],
)
def test_a_bad_filter_is_answered_400_with_a_sentence(
    segment: SegmentStandIn, path: str, sentence: str
) -> None:
    response = _get(segment, path)

    assert (response.status_code, response.json()) == (400, {"error": sentence})


def test_deleting_the_messages_forgets_message_ids_and_counts_but_no_fault(
    segment: SegmentStandIn,
) -> None:
    message = track()
    post(segment, {"batch": [message]})
    before = segment.messages()[0].number
    segment.fault("status", write_key=EU_KEY, status=503)

    assert requests.delete(segment.url + "/messages", timeout=20).status_code == 204

    assert (segment.messages(), segment.requests(), segment.counts()) == (
        [],
        [],
        {"accepted": 0, "dropped": 0},
    )
    post(segment, {"batch": [message]})
    assert [(arrival.verdict, arrival.number) for arrival in segment.messages()] == [
        ("accepted", before + 1)
    ]
    assert post(segment, {"batch": [track()]}, EU_KEY).status_code == 503


def test_a_request_line_has_every_field(segment: SegmentStandIn) -> None:
    body = json.dumps({"batch": [track(), track()]}).encode()
    headers = {"X-Retry-Count": "3", "Content-Type": "application/json", "User-Agent": "test/1"}

    send(segment, body, "/v1/import", auth=(US_KEY, ""), headers=headers)

    (line,) = _lines(segment, f"/requests?write_key={US_KEY}")
    assert list(line) == [
        "number",
        "receivedAt",
        "writeKey",
        "path",
        "status",
        "reason",
        "messages",
        "bytes",
        "fault",
        "withheld",
        "refusedIds",
        "headers",
    ]
    assert (line["writeKey"], line["path"], line["status"], line["messages"]) == (
        US_KEY,
        "/v1/import",
        200,
        2,
    )
    assert (line["bytes"], line["fault"], line["withheld"], line["headers"]) == (
        len(body),
        None,
        False,
        headers,
    )
    assert segment.requests()[0].retry_count == 3


def test_requests_are_filtered_by_key_and_number(segment: SegmentStandIn) -> None:
    for key in (US_KEY, EU_KEY, US_KEY):
        post(segment, {"batch": []}, key)
    first = segment.requests()[0].number

    assert [line["writeKey"] for line in _lines(segment, f"/requests?write_key={US_KEY}")] == [
        US_KEY,
        US_KEY,
    ]
    assert [line["number"] for line in _lines(segment, f"/requests?after={first}")] == [
        first + 1,
        first + 2,
    ]
    assert [one.number for one in segment.requests(EU_KEY)] == [first + 1]


def test_the_authorization_header_is_not_recorded(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track()]})

    assert "uthorization" not in _get(segment, "/requests").text


def test_a_business_can_be_named(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track(), track(userId="")]})

    response = requests.put(
        f"{segment.url}/businesses/{US_KEY}", json={"name": "Bright Cleaners"}, timeout=20
    )

    expected = {"writeKey": US_KEY, "name": "Bright Cleaners", "accepted": 1, "dropped": 1}
    assert (response.status_code, response.json()) == (200, expected)
    assert _get(segment, "/businesses").json() == [expected]


@pytest.mark.parametrize("body", [{}, {"name": 5}, {"name": "x" * 81}, []])
def test_a_bad_name_is_answered_400(segment: SegmentStandIn, body: object) -> None:
    response = requests.put(f"{segment.url}/businesses/{US_KEY}", json=body, timeout=20)

    assert (response.status_code, response.json()) == (
        400,
        {"error": "name must be a text of at most 80 characters."},
    )
    assert _get(segment, "/businesses").json() == []


def test_faults_are_listed_with_their_remaining_times(segment: SegmentStandIn) -> None:
    segment.fault("status", write_key=US_KEY, status=429, retry_after=2, times=3)
    post(segment, {"batch": [track()]})

    (fault,) = _get(segment, "/faults").json()

    assert fault.pop("number") > 0
    assert fault == {
        "write_key": US_KEY,
        "kind": "status",
        "times": 2,
        "applied": 1,
        "status": 429,
        "retry_after": "2",
    }
    segment.clear_faults()
    assert _get(segment, "/faults").json() == []


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ([], "A fault is a JSON object."),
        ({"write_key": "*"}, KINDS),
        (
            {"write_key": "*", "kind": ["cut"]},
            KINDS,
        ),
        ({"kind": "cut"}, 'write_key must be a text that is not empty ("*" for every key).'),
        (
            {"kind": "cut", "write_key": ""},
            'write_key must be a text that is not empty ("*" for every key).',
        ),
        (
            {"kind": "cut", "write_key": "*", "times": 0},
            "times must be a whole number from 1 to 1,000,000.",
        ),
        (
            {"kind": "cut", "write_key": "*", "times": True},
            "times must be a whole number from 1 to 1,000,000.",
        ),
        (
            {"kind": "cut", "write_key": "*", "delay_ms": 5},
            "A fault of kind cut has no field delay_ms.",
        ),
        (
            {"kind": "cut", "write_key": "*", "tims": 5},
            "A fault of kind cut has no field tims.",
        ),
        ({"kind": "status", "write_key": "*"}, "status must be a whole number from 200 to 599."),
        (
            {"kind": "status", "write_key": "*", "status": "503"},
            "status must be a whole number from 200 to 599.",
        ),
        (
            {"kind": "status", "write_key": "*", "status": 600},
            "status must be a whole number from 200 to 599.",
        ),
        (
            {"kind": "status", "write_key": "*", "status": 429, "retry_after": "soon"},
            "retry_after must be seconds or an HTTP date such as Wed, 21 Oct 2026 07:28:00 GMT.",
        ),
        (
            {"kind": "status", "write_key": "*", "status": 429, "retry_after": -1},
            "retry_after must be seconds or an HTTP date such as Wed, 21 Oct 2026 07:28:00 GMT.",
        ),
        ({"kind": "delay", "write_key": "*"}, "delay_ms must be a whole number from 1 to 600,000."),
        (
            {"kind": "delay", "write_key": "*", "delay_ms": 0.5},
            "delay_ms must be a whole number from 1 to 600,000.",
        ),
        ({"kind": "redirect", "write_key": "*"}, "location must be a text that is not empty."),
        (
            {"kind": "redirect", "write_key": "*", "location": "/a\r\nb"},
            "location must be an address on one line.",
        ),
        (
            {"kind": "redirect", "write_key": "*", "location": "/", "status": 304},
            "status must be one of 301, 302, 303, 307, 308.",
        ),
        (
            {"kind": "refuse_messages", "write_key": "*"},
            "contains must be a text that is not empty.",
        ),
    ],
)
def test_a_bad_fault_is_answered_400_with_a_sentence_that_names_the_field(
    segment: SegmentStandIn, spec: object, sentence: str
) -> None:
    response = requests.post(segment.url + "/faults", json=spec, timeout=20)

    assert (response.status_code, response.json()) == (400, {"error": sentence})
    assert _get(segment, "/faults").json() == []


def test_a_fault_that_is_not_json_is_answered_400(segment: SegmentStandIn) -> None:
    response = requests.post(segment.url + "/faults", data=b"{", timeout=20)

    assert (response.status_code, response.json()) == (400, {"error": "The body must be JSON."})


def test_an_unknown_filter_clears_no_fault(segment: SegmentStandIn) -> None:
    segment.fault("cut")

    assert requests.delete(segment.url + "/faults?key=x", timeout=20).status_code == 400
    assert len(_get(segment, "/faults").json()) == 1


def test_reset_forgets_everything(segment: SegmentStandIn) -> None:
    message = track()
    post(segment, {"batch": [message]})
    requests.put(f"{segment.url}/businesses/{US_KEY}", json={"name": "Bright Cleaners"}, timeout=20)
    segment.fault("cut", write_key=EU_KEY)

    segment.reset()

    assert (segment.messages(), segment.requests(), segment.counts()) == (
        [],
        [],
        {"accepted": 0, "dropped": 0},
    )
    assert (_get(segment, "/businesses").json(), _get(segment, "/faults").json()) == ([], [])
    post(segment, {"batch": [message]})
    assert segment.accepted() == [message]
