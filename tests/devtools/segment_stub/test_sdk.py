"""Segment's Python SDK works against the stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from segment.analytics.client import Client
from segment.analytics.request import APIError, post

from tests.devtools.segment_stub.requests_to_stub import US_KEY, track
from tests.segment import SegmentStandIn


@contextmanager
def _client(segment: SegmentStandIn, **options: Any) -> Iterator[tuple[Client, list[Exception]]]:
    errors: list[Exception] = []
    client = Client(
        US_KEY,
        host=segment.url,
        on_error=lambda error, _batch: errors.append(error),
        upload_interval=0.05,
        **options,
    )
    try:
        yield client, errors
    finally:
        if client.consumers:
            client.join()


@pytest.mark.parametrize("gzip", [False, True])
def test_the_sdk_s_queue_delivers(segment: SegmentStandIn, gzip: bool) -> None:
    with _client(segment, gzip=gzip) as (client, errors):
        client.identify("u1", {"name": "Zoë O'Neil"})
        for number in range(250):
            client.track("u1", "Order Ready", {"order_id": str(number)})
        client.flush()

        arrivals = segment.wait_for(251, US_KEY)

    assert errors == []
    assert [arrival.message["type"] for arrival in arrivals] == ["identify"] + ["track"] * 250
    assert arrivals[0].message["traits"] == {"name": "Zoë O'Neil"}
    assert {arrival.message["properties"]["order_id"] for arrival in arrivals[1:]} == {
        str(number) for number in range(250)
    }
    assert abs((arrivals[0].timestamp - arrivals[0].received_at).total_seconds()) < 20
    assert {one.headers["User-Agent"].partition("/")[0] for one in segment.requests()} == {
        "analytics-python"
    }


def test_the_sdk_s_sync_mode_delivers(segment: SegmentStandIn) -> None:
    with _client(segment, sync_mode=True) as (client, errors):
        client.track("u1", "Order Ready", {"order_id": "1"})
        client.track("u1", "Order Returned", {"order_id": "1"})

    assert errors == []
    assert [message["event"] for message in segment.accepted(US_KEY)] == [
        "Order Ready",
        "Order Returned",
    ]
    assert [one.messages for one in segment.requests(US_KEY)] == [1, 1]


def test_the_sdk_retries_after_a_503_and_counts_its_attempts(segment: SegmentStandIn) -> None:
    segment.fault("status", status=503, times=1)

    with _client(segment) as (client, errors):
        client.track("u1", "Order Ready")
        client.flush()

    assert errors == []
    assert len(segment.accepted(US_KEY)) == 1
    assert [(one.status, one.retry_count) for one in segment.requests(US_KEY)] == [
        (503, 0),
        (200, 1),
    ]


def test_the_sdk_drops_a_batch_that_is_refused(segment: SegmentStandIn) -> None:
    segment.fault("refuse_messages", contains="Order Ready")

    with _client(segment) as (client, errors):
        client.track("u1", "Order Ready")
        client.flush()

    assert [(type(error), getattr(error, "status", None)) for error in errors] == [(APIError, 400)]
    assert segment.messages() == []


def test_the_sdk_s_post_raises_segments_error_about_an_invalid_key(segment: SegmentStandIn) -> None:
    with pytest.raises(APIError) as refused:
        post("abc123", segment.url, batch=[track()])

    assert refused.value.status == 400
    assert "An invalid write key was provided" in refused.value.message


def test_the_sdk_s_post_returns_the_response(segment: SegmentStandIn) -> None:
    message = track()

    response = post(US_KEY, segment.url, gzip=True, batch=[message], retry_count=2)

    assert response.json() == {"success": True}
    assert segment.accepted(US_KEY) == [message]
    assert segment.requests()[0].retry_count == 2
