"""The only module that uses Segment's SDK, which builds messages. We post them as it would."""

import gzip
import logging
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import urllib3
from django.conf import settings
from segment.analytics.client import Client
from segment.analytics.consumer import MAX_MSG_SIZE
from segment.analytics.request import parse_retry_after
from segment.analytics.version import VERSION

from events.models import Region
from events.utf8_json import json_size, to_utf8
from smrt_integration.delivery import responses, transport
from smrt_integration.delivery.responses import Response

HOSTS: Final = {
    Region.US: "https://api.segment.io",
    Region.EU: "https://events.eu1.segmentapis.com",
}

# Level 1 takes 3 us a message and makes a batch about a tenth as long; higher levels take longer
# and gain little. A request that fits a packet gains nothing. Segment's limits count the bytes
# after decompression.
GZIP_LEVEL: Final = 1
MIN_COMPRESSED_BYTES: Final = 1_400

# The SDK may log what it is given at DEBUG, which a root logger may ask for.
logging.getLogger("segment").setLevel(logging.WARNING)


class MessageTooLarge(Exception):
    """Segment would accept this message and drop it. The text tells the owner what to shorten.

    `excess` is how many bytes too large it is.
    """

    def __init__(self, parts: dict[str, Any], excess: int) -> None:
        self.excess = excess
        name, size = max(_sizes(parts), key=itemgetter(1))
        super().__init__(
            "The message is larger than the 32 KB that Segment takes. "
            f"Shorten the largest part: {name} ({size // 1000} KB)."
        )


def _sizes(parts: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The parts of a message with their sizes in bytes.

    Custom fields are parts of their own, by the names that the owner gave them.
    """
    for name, part in parts.items():
        if name == "customFields":
            yield from ((f"the custom field {field['name']}", json_size(field)) for field in part)
        else:
            yield name, json_size(part)


def host(region: str) -> str:
    return settings.SEGMENT_HOST or HOSTS[Region(region)]


def longest_post() -> float:
    """Seconds after which a POST has ended, unless the receiver trickles its response."""
    return transport.CONNECT_SECONDS + settings.SEGMENT_TIMEOUT


@lru_cache(maxsize=1)
def _envelope_builder() -> Client:
    """The SDK's client, which builds and validates for every business.

    With send=False and sync_mode=True it starts no thread and sends nothing.
    """
    return Client("0" * 32, send=False, sync_mode=True)


# Room for every pair of time zone and event, some hundred bytes each.
@lru_cache(maxsize=10_000)
def _envelope(
    kind: str, event: str, time_zone: str, integrations: tuple[tuple[str, bool], ...]
) -> dict[str, Any]:
    """The SDK's message without the parts that differ from message to message.

    The SDK walks through every value of a message and serializes it once. Done for each message,
    that would be half of all that sending costs.

    `ip` "0" and `active` false: a background job did not see the customer (contract, section 4).
    """
    fields: dict[str, Any] = {"event": event} if event else {}
    context = {"ip": "0", "active": False, "timezone": time_zone}
    build = getattr(_envelope_builder(), kind)
    message: dict[str, Any] = build(
        "-", context=context, integrations=dict(integrations), timestamp=datetime.now(UTC), **fields
    )[1]
    return message


def identify(
    user_id: UUID, traits: dict[str, Any], time_zone: str, at: datetime, message_id: str
) -> dict[str, Any]:
    """Return an identify. `at` is in UTC."""
    return (
        _envelope("identify", "", time_zone, ())
        | _own_fields(user_id, at, message_id)
        | {"traits": traits}
    )


def track(
    user_id: UUID,
    event: str,
    properties: dict[str, Any],
    time_zone: str,
    at: datetime,
    message_id: str,
    integrations: tuple[tuple[str, bool], ...] = (),
) -> dict[str, Any]:
    """Return a track. `at` is in UTC; `integrations` switches tools behind Segment off."""
    return (
        _envelope("track", event, time_zone, integrations)
        | _own_fields(user_id, at, message_id)
        | {"properties": properties}
    )


def _own_fields(user_id: UUID, at: datetime, message_id: str) -> dict[str, str]:
    return {
        "userId": str(user_id),
        "timestamp": at.isoformat(timespec="milliseconds"),
        "messageId": message_id,
    }


def serialized(message: dict[str, Any]) -> bytes:
    """Return the message as JSON, as it is posted. Raises MessageTooLarge."""
    wire = to_utf8(message)
    size = len(wire)
    if size > MAX_MSG_SIZE:
        raise MessageTooLarge(
            message["traits"] if message["type"] == "identify" else message["properties"],
            size - MAX_MSG_SIZE,
        )
    return wire


def post(write_key: str, host: str, messages: list[bytes], retry_count: int = 0) -> Response:
    """Post this batch of messages once, each as JSON. `retry_count` counts the failed attempts.

    Sends what the SDK's own `post` sends, compressed if SEGMENT_GZIP is set.
    """
    body = _request_body(write_key, messages)
    headers = _request_headers(write_key, retry_count)
    if settings.SEGMENT_GZIP and len(body) >= MIN_COMPRESSED_BYTES:
        body = gzip.compress(body, GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    try:
        response = transport.post_once(
            host.removesuffix("/") + "/v1/batch",
            body,
            headers,
            settings.SEGMENT_TIMEOUT,
        )
    except urllib3.exceptions.HTTPError as error:
        failed = responses.timed_out if transport.is_timeout(error) else responses.unreachable
        return failed(is_unanswered=transport.may_have_been_sent(error))
    return responses.interpret(response.status, parse_retry_after(response))


def _request_body(write_key: str, messages: list[bytes]) -> bytes:
    """`sentAt` is the time of this attempt: Segment corrects each message's timestamp by it."""
    around = to_utf8({"sentAt": datetime.now(UTC).isoformat(), "writeKey": write_key})
    return b'{"batch":[' + b",".join(messages) + b"]," + around.removeprefix(b"{")


def _request_headers(write_key: str, retry_count: int) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"analytics-python/{VERSION}",
        "Authorization": "Basic " + b64encode(f"{write_key}:".encode()).decode(),
    }
    if retry_count:
        headers["X-Retry-Count"] = str(retry_count)
    return headers
