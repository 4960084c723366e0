"""The stand-in as tests use it, and with many clients at once."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.devtools.segment_stub.requests_to_stub import EU_KEY, US_KEY, post, track
from tests.segment import SegmentStandIn

MANY = 400


def test_wait_for_returns_the_accepted_messages(segment: SegmentStandIn) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(segment.wait_for, 2, US_KEY)
        post(segment, {"batch": [track(event="a"), track(userId="")]}, US_KEY)
        post(segment, {"batch": [track(event="c")]}, EU_KEY)
        post(segment, {"batch": [track(event="b")]}, US_KEY)

        assert [arrival.message["event"] for arrival in waiting.result(timeout=20)] == ["a", "b"]


def test_wait_for_reports_what_arrived_instead(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track(userId="u1"), track(event="Order Returned", userId="")]})
    segment.fault("status", status=503)
    post(segment, {"batch": [track()]})

    with pytest.raises(AssertionError) as failure:
        segment.wait_for(2, US_KEY, timeout=0.05)

    assert str(failure.value).splitlines() == [
        f"Waited 0.05 s for 2 accepted messages of {US_KEY}; 2 messages arrived:",
        "  Order Ready of u1: accepted ",
        "  Order Returned of : dropped The message has neither userId nor anonymousId.",
        "2 requests:",
        "  /v1/batch answered 200, 2 messages, fault None ",
        "  /v1/batch answered 503, 1 messages, fault status ",
    ]


def test_an_invalid_fault_raises_with_the_sentence(segment: SegmentStandIn) -> None:
    with pytest.raises(ValueError, match="status must be a whole number from 200 to 599"):
        segment.fault("status")


def _request(number: int) -> bytes:
    body = json.dumps({"batch": [track(event=f"event {number}")], "writeKey": US_KEY}).encode()
    return b"POST /v1/batch HTTP/1.1\r\nHost: segment\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


def test_hundreds_of_connections_at_once_are_all_answered(segment: SegmentStandIn) -> None:
    address = ("127.0.0.1", int(segment.url.rpartition(":")[2]))
    clients = [socket.create_connection(address, timeout=20) for _ in range(MANY)]
    try:
        for number, client in enumerate(clients):
            client.sendall(_request(number)[:-10])
        for number, client in enumerate(clients):
            client.sendall(_request(number)[-10:])
        status_lines = [client.recv(4096).split(b"\r\n")[0] for client in clients]
    finally:
        for client in clients:
            client.close()

    assert status_lines == [b"HTTP/1.1 200 OK"] * MANY
    assert sorted(message["event"] for message in segment.accepted()) == sorted(
        f"event {number}" for number in range(MANY)
    )


def test_nothing_arrives_from_a_client_that_disconnects_within_its_body(
    segment: SegmentStandIn,
) -> None:
    address = ("127.0.0.1", int(segment.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(_request(1)[:-10])

    post(segment, {"batch": [track(event="Order Returned")]})

    assert [message["event"] for message in segment.accepted()] == ["Order Returned"]
