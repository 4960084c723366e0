"""The only module that touches Segment's SDK: it builds messages and posts batches, one attempt each."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from types import FunctionType
from typing import Any, Final
from uuid import UUID

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from segment.analytics import request as sdk
from segment.analytics.client import Client
from segment.analytics.consumer import MAX_MSG_SIZE

from events.models import Region
from smrt_integration.delivery import responses
from smrt_integration.delivery.responses import Response

HOSTS: Final = {
    Region.US: "https://api.segment.io",
    Region.EU: "https://events.eu1.segmentapis.com",
}

# Requests at a time per process, and so the number of slow receivers it can wait for. The SDK's session keeps 10 connections.
THREADS: Final = 64
# Longer than Segment takes when well; for its answer it gets SEGMENT_TIMEOUT. A lane that times out waits by itself and holds nobody up.
CONNECT_SECONDS: Final = 4.0

# The SDK logs whole bodies and write keys at DEBUG, and may be asked to by anybody's root logger.
logging.getLogger("segment").setLevel(logging.WARNING)


class MessageTooLarge(Exception):
    """Segment would take this message and drop it; the text, for the owner, names the part to shorten."""

    def __init__(self, parts: dict[str, Any]) -> None:
        name, size = max(_sizes(parts), key=itemgetter(1))
        super().__init__(
            f"The message is larger than the 32 KB that Segment takes. Shorten the largest part: {name} ({size // 1000} KB)."
        )


def _sizes(parts: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """What a message is made of, with sizes in bytes; custom fields one by one, by the names the owner gave them."""
    for name, part in parts.items():
        if name == "customFields":
            yield from (
                (f"the custom field {field['name']}", len(json.dumps(field))) for field in part
            )
        else:
            yield name, len(json.dumps(part))


def host(region: str) -> str:
    return settings.SEGMENT_HOST or HOSTS[Region(region)]


def longest_post() -> float:
    """Seconds after which a POST to a receiver that does not trickle has ended, one way or another."""
    return CONNECT_SECONDS + settings.SEGMENT_TIMEOUT


@lru_cache(maxsize=1)
def _builder() -> Client:
    """Builds and validates; with send=False and sync_mode it has no thread and sends nothing, so one serves every business."""
    return Client("0" * 32, send=False, sync_mode=True)


# As many as there are businesses' time zones times events: some hundreds of bytes each.
@lru_cache(maxsize=10_000)
def _envelope(
    kind: str, event: str, time_zone: str, integrations: tuple[tuple[str, bool], ...]
) -> dict[str, Any]:
    """The SDK's own message, without what differs from one message to the next. Built by the SDK one by one, they would be walked through
    value by value and serialized once more: half of all that sending a message costs.

    `ip` "0" and `active` false: a background job is no sighting of the customer (contract, section 4).
    """
    fields: dict[str, Any] = {"event": event} if event else {}
    context = {"ip": "0", "active": False, "timezone": time_zone}
    build = getattr(_builder(), kind)
    message: dict[str, Any] = build(
        "-", context=context, integrations=dict(integrations), timestamp=datetime.now(UTC), **fields
    )[1]
    return message


def identify(
    user_id: UUID, traits: dict[str, Any], time_zone: str, at: datetime, message_id: str
) -> dict[str, Any]:
    """`at` in UTC, here and below."""
    return (
        _envelope("identify", "", time_zone, ())
        | _own(user_id, at, message_id)
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
    return (
        _envelope("track", event, time_zone, integrations)
        | _own(user_id, at, message_id)
        | {"properties": properties}
    )


def _own(user_id: UUID, at: datetime, message_id: str) -> dict[str, str]:
    return {
        "userId": str(user_id),
        "timestamp": at.isoformat(timespec="milliseconds"),
        "messageId": message_id,
    }


def serialized(message: dict[str, Any]) -> str:
    """A message as the SDK puts it on the wire: ASCII, so its length is its size in bytes. Raises TooLarge."""
    body = json.dumps(message)
    if len(body) > MAX_MSG_SIZE:
        raise MessageTooLarge(
            message["traits"] if message["type"] == "identify" else message["properties"]
        )
    return body


class _Connections:
    """Stands in for the SDK's session, which keeps 10 connections and does at every POST what must not happen here: a netrc entry would
    replace the write key, a followed 302 becomes a GET that the SDK calls success. It would also cost half as much CPU again.
    """

    def __init__(self) -> None:
        self._adapter = HTTPAdapter(pool_connections=16, pool_maxsize=THREADS, max_retries=0)

    def post(
        self, url: str, data: str, headers: dict[str, str], timeout: tuple[float, float]
    ) -> requests.Response:
        request = requests.PreparedRequest()
        request.method, request.url, request.hooks = "POST", url, {}
        request.body = data.encode()
        request.headers = CaseInsensitiveDict(headers | {"Content-Length": str(len(request.body))})
        response = self._adapter.send(request, timeout=timeout)
        _ = response.content  # reads it to the end, which frees the connection
        return response


@lru_cache(maxsize=1)
def _sdk_post() -> Callable[..., requests.Response]:
    """The SDK's own function over our connections, for it has no parameter for them; whoever else uses the SDK in this process keeps its
    session. Made by the first POST, so after the fork: connections are never shared."""
    return FunctionType(
        sdk.post.__code__, vars(sdk) | {"_session": _Connections()}, argdefs=sdk.post.__defaults__
    )


def post(
    write_key: str, host: str, messages: list[dict[str, Any]], retry_count: int = 0
) -> Response:
    """One attempt to have this batch accepted. `retry_count` counts the failed ones before it."""
    try:
        # gzip off: compressing costs more CPU than building the messages, and the limits count after gunzip
        _sdk_post()(
            write_key,
            host,
            gzip=False,
            timeout=(CONNECT_SECONDS, settings.SEGMENT_TIMEOUT),
            retry_count=retry_count,
            batch=messages,
        )
    except sdk.APIError as error:
        response: Any = error.response
        return responses.decide(
            int(error.status), sdk.parse_retry_after(response) if response is not None else None
        )
    except requests.Timeout:
        return responses.timed_out()
    except requests.RequestException:
        return responses.unreachable()
    return Response(responses.Decision.ACCEPT, 200)
