"""Post to the stand-in with an ordinary HTTP client, and wait for its state."""

import gzip
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests

from tests.segment import SegmentStandIn

US_KEY = "Kf3mWq8ZtR2vLx7NbYc5HdJp9SgTe4Au"
EU_KEY = "Pz6uXn1BvQw8MkLr3CfGh7DjSa2YtEo9"
WAIT_SECONDS = 20.0

Value = TypeVar("Value")


def track(**changes: Any) -> dict[str, Any]:
    """Return a track that Segment accepts, with a new `messageId`."""
    message = {
        "type": "track",
        "event": "Order Ready",
        "userId": "7f4df0e2-66c2-4f4e-9a3d-0c6a5a0f1b11",
        "messageId": uuid.uuid4().hex,
        "timestamp": "2026-03-01T10:00:00.000Z",
        "properties": {"order_id": "1042"},
    }
    return message | changes


def post(
    segment: SegmentStandIn,
    body: object,
    write_key: str | None = US_KEY,
    path: str = "/v1/batch",
    timeout: float = 20.0,
) -> requests.Response:
    """Post `body` as JSON, or unchanged if it is bytes; without a write key if that is None."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(segment, data, path, timeout, auth=None if write_key is None else (write_key, ""))


def post_gzip(segment: SegmentStandIn, body: bytes) -> requests.Response:
    return send(segment, body, "/v1/batch", auth=(US_KEY, ""), headers={"Content-Encoding": "gzip"})


def gzipped_json(body: object) -> bytes:
    return gzip.compress(json.dumps(body).encode())


def send(
    segment: SegmentStandIn,
    data: bytes,
    path: str,
    timeout: float = 20.0,
    auth: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    return requests.post(
        segment.url + path,
        data=data,
        auth=auth,
        headers=headers,
        timeout=timeout,
        allow_redirects=False,
    )


def batch_of_size(size: int) -> bytes:
    """Return a batch of small messages that takes exactly `size` bytes."""
    whole = json.dumps({"batch": [track(), track()], "padding": ""}).encode()
    return whole.replace(b'"padding": ""', b'"padding": "' + b"x" * (size - len(whole)) + b'"')


def message_of_size(size: int) -> dict[str, Any]:
    message = track(properties={"note": ""})
    message["properties"]["note"] = "x" * (size - len(json.dumps(message)))
    return message


def wait_for_value(read: Callable[[], Value], description: str) -> Value:
    """Return the first true value of `read`. Raises AssertionError if there is none in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := read()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {WAIT_SECONDS:g} s for {description}.")
        time.sleep(0.01)
    return value
