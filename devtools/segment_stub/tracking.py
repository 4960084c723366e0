"""Segment's endpoints: read a request, meet its fault if there is one, otherwise judge its messages and answer."""

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
from devtools.segment_stub.faults import FaultBook
from devtools.segment_stub.holds import Holds
from devtools.segment_stub.ledger import Ledger
from devtools.segment_stub.playing import Meeting, play
from devtools.segment_stub.records import Exchange

HEADERS_OF_INTEREST: Final = ("X-Retry-Count", "User-Agent", "Content-Type", "Content-Encoding")
"""Never Authorization: the write key has a field of its own."""


@dataclass(frozen=True, slots=True)
class State:
    """What the tracking endpoints, the control API and the page share."""

    ledger: Ledger = field(default_factory=Ledger)
    faults: FaultBook = field(default_factory=FaultBook)
    holds: Holds = field(default_factory=Holds)


STATE: Final = web.AppKey("state", State)


def tracking_routes() -> list[web.RouteDef]:
    return [web.post(f"/v1/{method}", receive) for method in sorted(BATCH_METHODS | MESSAGE_TYPES)]


async def receive(request: web.Request) -> web.Response:
    ledger = request.app[STATE].ledger
    headers = {
        name: request.headers[name] for name in HEADERS_OF_INTEREST if name in request.headers
    }
    exchange = ledger.open(request.path, headers, datetime.now(UTC))
    try:
        envelope = await _read(request, exchange)
        response = await _respond(request, exchange, envelope)
        exchange.status = response.status
        return response
    finally:
        ledger.note(exchange)


async def _read(request: web.Request, exchange: Exchange) -> Envelope:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        envelope = too_large(request.headers)
    else:
        exchange.size = len(body)
        envelope = open_envelope(request.path.rpartition("/")[2], request.headers, body)
    exchange.write_key = envelope.write_key
    exchange.messages = len(envelope.messages)
    exchange.reason = envelope.refusal
    return envelope


async def _respond(request: web.Request, exchange: Exchange, envelope: Envelope) -> web.Response:
    state = request.app[STATE]
    fault = state.faults.meet(envelope)
    if fault is None:
        return _answer(state.ledger, exchange, envelope)
    exchange.fault = fault.kind
    exchange.withheld = True
    state.ledger.note(exchange)
    return await play(
        Meeting(fault, request, state.holds, lambda: _answer(state.ledger, exchange, envelope))
    )


def _answer(ledger: Ledger, exchange: Exchange, envelope: Envelope) -> web.Response:
    exchange.withheld = False
    if envelope.refusal:
        return web.json_response({"success": False, "message": envelope.refusal}, status=400)
    ledger.take(exchange, envelope)
    return web.json_response({"success": True})
