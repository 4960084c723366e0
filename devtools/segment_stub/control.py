"""What developers and tests ask and tell the stand-in."""

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NoReturn, TypeVar, get_args

from aiohttp import web

from devtools.segment_stub.faults import InvalidFault
from devtools.segment_stub.records import ReceivedRequest
from devtools.segment_stub.tracking import STATE
from devtools.segment_stub.verdicts import Verdict

LINES_PER_WRITE: Final = 500
"""Written between two turns of the event loop: some milliseconds, so that a long answer does not hold requests up."""

MAX_NAME_LENGTH: Final = 80
"""Of a business on the page: one line of it."""

Record = TypeVar("Record")


def control_routes() -> list[web.RouteDef]:
    return [
        web.get("/messages", list_messages),
        web.delete("/messages", forget_messages),
        web.get("/requests", list_requests),
        web.get("/businesses", list_businesses),
        web.put("/businesses/{write_key}", name_business),
        web.get("/faults", list_faults),
        web.post("/faults", add_fault),
        web.delete("/faults", clear_faults),
        web.post("/reset", reset),
    ]


async def list_messages(request: web.Request) -> web.StreamResponse:
    _require_known_filters(request, {"write_key", "user_id", "verdict", "after", "newest"})
    query, store = request.query, request.app[STATE].store
    verdict = query.get("verdict")
    if verdict not in (None, *get_args(Verdict)):
        _refuse(f"verdict must be one of {', '.join(get_args(Verdict))}.")
    found = [
        arrival
        for arrival in store.messages_after(_number(request, "after", 0))
        if query.get("write_key") in (None, arrival.write_key)
        and query.get("user_id") in (None, arrival.user_id)
        and verdict in (None, arrival.verdict)
    ]
    newest = _number(request, "newest", len(found))
    return await _lines(request, found[max(0, len(found) - newest) :], store.line)


async def forget_messages(request: web.Request) -> web.Response:
    request.app[STATE].store.forget_messages()
    return web.Response(status=204)


async def list_requests(request: web.Request) -> web.StreamResponse:
    _require_known_filters(request, {"write_key", "after"})
    after, write_key = _number(request, "after", 0), request.query.get("write_key")
    requests = request.app[STATE].store.requests
    return await _lines(
        request,
        [one for one in requests if one.number > after and write_key in (None, one.write_key)],
        ReceivedRequest.line,
    )


async def list_businesses(request: web.Request) -> web.Response:
    return web.json_response(
        [business.as_json() for business in request.app[STATE].store.businesses.values()]
    )


async def name_business(request: web.Request) -> web.Response:
    body = await _json(request)
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str) or len(name) > MAX_NAME_LENGTH:
        _refuse(f"name must be a text of at most {MAX_NAME_LENGTH} characters.")
    business = request.app[STATE].store.name_business(request.match_info["write_key"], name)
    return web.json_response(business.as_json())


async def list_faults(request: web.Request) -> web.Response:
    return web.json_response([fault.as_json() for fault in request.app[STATE].faults.all()])


async def add_fault(request: web.Request) -> web.Response:
    state = request.app[STATE]
    try:
        fault, replaced = state.faults.add(await _json(request))
    except InvalidFault as bad:
        _refuse(str(bad))
    state.held_requests.release(lambda held: held in replaced)
    state.store.version += 1
    return web.json_response(fault.as_json(), status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """The requests that those faults hold go on."""
    _require_known_filters(request, {"write_key"})
    state, write_key = request.app[STATE], request.query.get("write_key")
    state.faults.clear(write_key)
    state.held_requests.release(lambda held: write_key in (None, held.write_key))
    state.store.version += 1
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    """Requests that a fault holds are cut, so that nothing from before arrives after."""
    state = request.app[STATE]
    state.faults.clear()
    state.held_requests.cut_all()
    state.store.forget_everything()
    return web.Response(status=204)


async def _lines(
    request: web.Request, records: Sequence[Record], line: Callable[[Record], bytes]
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
    await response.prepare(request)
    for start in range(0, len(records), LINES_PER_WRITE):
        await response.write(
            b"".join(line(record) + b"\n" for record in records[start : start + LINES_PER_WRITE])
        )
    await response.write_eof()
    return response


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        _refuse("The body must be JSON.")


def _require_known_filters(request: web.Request, filters: Collection[str]) -> None:
    """A misspelt filter would otherwise answer everything, or clear it."""
    for name in request.query:
        if name not in filters:
            _refuse(f"{name} is no filter here; there are {', '.join(sorted(filters))}.")


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        _refuse(f"{name} must be a whole number.")
    return int(text)


def _refuse(sentence: str) -> NoReturn:
    raise web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")
