"""Segment's endpoints: read a request, then simulate a fault or accept the messages."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from devtools.segment_stub.envelope import (
    BATCH_METHODS,
    MESSAGE_TYPES,
    Envelope,
    open_envelope,
    too_large,
)
from devtools.segment_stub.fault_responses import FaultyRequest, respond_with_fault
from devtools.segment_stub.faults import ActiveFaults
from devtools.segment_stub.held_requests import HeldRequests
from devtools.segment_stub.message_store import MessageStore
from devtools.segment_stub.records import ReceivedRequest

RECORDED_HEADERS: Final = ("X-Retry-Count", "User-Agent", "Content-Type", "Content-Encoding")
"""Never Authorization: the write key is a field of its own."""


@dataclass(frozen=True, slots=True)
class SegmentState:
    """The state that the tracking endpoints, the control API and the page share."""

    store: MessageStore = field(default_factory=MessageStore)
    faults: ActiveFaults = field(default_factory=ActiveFaults)
    held_requests: HeldRequests = field(default_factory=HeldRequests)


STATE: Final = web.AppKey("state", SegmentState)


def tracking_routes() -> list[web.RouteDef]:
    return [web.post(f"/v1/{method}", receive) for method in sorted(BATCH_METHODS | MESSAGE_TYPES)]


async def receive(request: web.Request) -> web.Response:
    store = request.app[STATE].store
    headers = {name: request.headers[name] for name in RECORDED_HEADERS if name in request.headers}
    received = store.open_request(request.path, headers, datetime.now(UTC))
    try:
        envelope = await _read(request, received)
        response = await _respond(request, received, envelope)
        received.status = response.status
        if response.status == 400:
            received.refused_ids = tuple(
                str(posted.message.get("messageId")) for posted in envelope.messages
            )
        return response
    finally:
        store.request_changed(received)


async def _read(request: web.Request, received: ReceivedRequest) -> Envelope:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        envelope = too_large(request.headers)
    else:
        received.size = len(body)
        envelope = open_envelope(request.path.rpartition("/")[2], request.headers, body)
    received.write_key = envelope.write_key
    received.messages = len(envelope.messages)
    received.reason = envelope.refusal
    return envelope


async def _respond(
    request: web.Request, received: ReceivedRequest, envelope: Envelope
) -> web.Response:
    state = request.app[STATE]
    fault = state.faults.take_match(envelope)
    if fault is None:
        return _respond_as_usual(state.store, received, envelope)
    received.fault = fault.kind
    received.withheld = True
    state.store.request_changed(received)
    return await respond_with_fault(
        FaultyRequest(
            fault,
            request,
            state.held_requests,
            lambda: _respond_as_usual(state.store, received, envelope),
        )
    )


def _respond_as_usual(
    store: MessageStore, received: ReceivedRequest, envelope: Envelope
) -> web.Response:
    received.withheld = False
    if envelope.refusal:
        return web.json_response({"success": False, "message": envelope.refusal}, status=400)
    store.add_messages(received, envelope)
    return web.json_response({"success": True})
