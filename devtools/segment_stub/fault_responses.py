"""Simulate a fault on an open request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from aiohttp import web

from devtools.segment_stub.faults import Fault, FaultKind
from devtools.segment_stub.held_requests import HeldRequests


@dataclass(frozen=True, slots=True)
class FaultyRequest:
    """A request and its fault. `respond` accepts the messages and returns the usual response."""

    fault: Fault
    request: web.Request
    held_requests: HeldRequests
    respond: Callable[[], web.Response]


async def respond_with_fault(faulty: FaultyRequest) -> web.Response:
    """Return the response of a fault. Is cancelled when the client gives up."""
    return await _RESPONDERS[faulty.fault.kind](faulty)


async def _status(faulty: FaultyRequest) -> web.Response:
    fault = faulty.fault
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    body = {"success": False, "message": f"Fault {fault.number} of the Segment stand-in"}
    return web.json_response(body, status=fault.status, headers=headers)


async def _delay(faulty: FaultyRequest) -> web.Response:
    await _hold(faulty, faulty.fault.delay_ms / 1000)
    return faulty.respond()


async def _hang(faulty: FaultyRequest) -> web.Response:
    await _hold(faulty)
    return faulty.respond()


async def _accept_then_timeout(faulty: FaultyRequest) -> web.Response:
    response = faulty.respond()
    await _hold(faulty)
    return response


async def _accept_then_cut(faulty: FaultyRequest) -> NoReturn:
    faulty.respond()
    await _cut(faulty)


async def _cut(faulty: FaultyRequest) -> NoReturn:
    if faulty.request.transport is not None:
        faulty.request.transport.abort()
    await asyncio.get_running_loop().create_future()
    raise AssertionError("the end of a connection cancels its request")


async def _redirect(faulty: FaultyRequest) -> web.Response:
    return web.Response(status=faulty.fault.status, headers={"Location": faulty.fault.location})


async def _refuse(_faulty: FaultyRequest) -> web.Response:
    return web.json_response(
        {"success": False, "message": "A message of the request was refused"}, status=400
    )


async def _hold(faulty: FaultyRequest, seconds: float | None = None) -> None:
    if await faulty.held_requests.wait(faulty.fault, seconds) == "cut":
        await _cut(faulty)


_RESPONDERS: Final[Mapping[FaultKind, Callable[[FaultyRequest], Awaitable[web.Response]]]] = {
    "status": _status,
    "delay": _delay,
    "hang": _hang,
    "cut": _cut,
    "accept_then_timeout": _accept_then_timeout,
    "accept_then_cut": _accept_then_cut,
    "redirect": _redirect,
    "refuse_messages": _refuse,
}
