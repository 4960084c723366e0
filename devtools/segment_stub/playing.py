"""How each fault is played on an open request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from aiohttp import web

from devtools.segment_stub.faults import Fault, Kind
from devtools.segment_stub.holds import Holds


@dataclass(frozen=True, slots=True)
class Meeting:
    """A request and its fault. `answer` takes the messages and makes the usual answer."""

    fault: Fault
    request: web.Request
    holds: Holds
    answer: Callable[[], web.Response]


async def play(meeting: Meeting) -> web.Response:
    """Cancelled when the client gives up."""
    return await _PLAYERS[meeting.fault.kind](meeting)


async def _status(meeting: Meeting) -> web.Response:
    fault = meeting.fault
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    body = {"success": False, "message": f"Fault {fault.number} of the Segment stand-in"}
    return web.json_response(body, status=fault.status, headers=headers)


async def _delay(meeting: Meeting) -> web.Response:
    await _hold(meeting, meeting.fault.delay_ms / 1000)
    return meeting.answer()


async def _hang(meeting: Meeting) -> web.Response:
    await _hold(meeting)
    return meeting.answer()


async def _accept_then_timeout(meeting: Meeting) -> web.Response:
    answer = meeting.answer()
    await _hold(meeting)
    return answer


async def _cut(meeting: Meeting) -> NoReturn:
    if meeting.request.transport is not None:
        meeting.request.transport.abort()
    await asyncio.get_running_loop().create_future()
    raise AssertionError("the end of a connection cancels its request")


async def _redirect(meeting: Meeting) -> web.Response:
    return web.Response(status=meeting.fault.status, headers={"Location": meeting.fault.location})


async def _refuse(_meeting: Meeting) -> web.Response:
    return web.json_response(
        {"success": False, "message": "A message of the request was refused"}, status=400
    )


async def _hold(meeting: Meeting, seconds: float | None = None) -> None:
    if await meeting.holds.wait(meeting.fault, seconds) == "cut":
        await _cut(meeting)


_PLAYERS: Final[Mapping[Kind, Callable[[Meeting], Awaitable[web.Response]]]] = {
    "status": _status,
    "delay": _delay,
    "hang": _hang,
    "cut": _cut,
    "accept_then_timeout": _accept_then_timeout,
    "redirect": _redirect,
    "refuse_messages": _refuse,
}
