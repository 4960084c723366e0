"""The live page and the stream behind it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from devtools import segment_stub
from tests.devtools.segment_stub.requests_to_stub import US_KEY, post, track
from tests.segment import SegmentStandIn

PAGE = Path(segment_stub.__file__).parent / "page"


@contextmanager
def _updates(segment: SegmentStandIn) -> Iterator[Iterator[dict[str, Any]]]:
    with requests.get(segment.url + "/events", stream=True, timeout=20) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        lines = response.iter_lines(chunk_size=None)
        yield (
            json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")
        )


def test_the_stream_begins_with_the_kept_messages_and_continues_with_new_ones(
    segment: SegmentStandIn,
) -> None:
    message = track()
    post(
        segment,
        {
            "batch": [
                {"type": "identify", "userId": message["userId"], "traits": {"name": "Ann Lee"}}
            ]
        },
    )

    with _updates(segment) as updates:
        first = next(updates)
        post(segment, {"batch": [message]})
        second = next(updates)

    assert [one["message"]["type"] for one in first["messages"]] == ["identify"]
    assert first["businesses"] == [{"writeKey": US_KEY, "name": "", "accepted": 1, "dropped": 0}]
    assert [(one["message"], one["customer"]) for one in second["messages"]] == [
        (message, "Ann Lee")
    ]
    assert second["businesses"][0]["accepted"] == 2
    assert second["epoch"] == first["epoch"]


def test_the_stream_has_the_faults_and_the_requests_they_applied_to(
    segment: SegmentStandIn,
) -> None:
    with _updates(segment) as updates:
        assert next(updates)["faults"] == []
        segment.fault("status", status=503, times=2)
        assert [(fault["kind"], fault["times"]) for fault in next(updates)["faults"]] == [
            ("status", 2)
        ]
        post(segment, {"batch": [track()]})
        update = next(updates)

    assert [fault["times"] for fault in update["faults"]] == [1]
    assert [
        (one["status"], one["fault"], one["messages"], one["withheld"])
        for one in update["troubles"]
    ] == [(503, "status", 1, True)]


def test_the_stream_starts_over_when_everything_is_forgotten(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track()]})

    with _updates(segment) as updates:
        first = next(updates)
        segment.reset()
        second = next(updates)

    assert (len(first["messages"]), second["messages"], second["businesses"]) == (1, [], [])
    assert second["epoch"] != first["epoch"]


def test_the_stream_has_at_most_the_newest_200_messages(segment: SegmentStandIn) -> None:
    post(segment, {"batch": [track(event=str(number)) for number in range(500)]})

    with _updates(segment) as updates:
        update = next(updates)

    assert [one["message"]["event"] for one in update["messages"]] == [
        str(number) for number in range(300, 500)
    ]
    assert update["businesses"][0]["accepted"] == 500


@pytest.mark.parametrize(
    ("path", "content_type", "start"),
    [
        ("/", "text/html", "<!doctype html>"),
        ("/page.css", "text/css", ":root"),
        ("/page.js", "text/javascript", "//"),
    ],
)
def test_the_page_may_load_and_run_only_what_the_stand_in_serves(
    segment: SegmentStandIn, path: str, content_type: str, start: str
) -> None:
    response = requests.get(segment.url + path, timeout=20)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{content_type}; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert response.text.startswith(start)


def test_the_page_turns_nothing_into_markup_and_names_no_other_host() -> None:
    source = "".join(path.read_text() for path in PAGE.iterdir())

    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "http:",
        "https:",
        "style=",
    ):
        assert forbidden not in source
