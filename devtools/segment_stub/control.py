"""The stand-in's API for developers and tests: messages, requests, businesses, faults."""

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NoReturn, TypeVar, get_args

from aiohttp import web

from devtools.segment_stub.faults import InvalidFault
from devtools.segment_stub.records import ReceivedRequest
from devtools.segment_stub.tracking import STATE
from devtools.segment_stub.verdicts import Verdict

LINES_PER_WRITE: Final = 500
"""Lines per turn of the event loop: a few milliseconds, so a long response delays no request."""

MAX_NAME_LENGTH: Final = 80
"""The longest name of a business, in characters: one line on the page."""

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
    matching = [
        arrival
        for arrival in store.messages_after(_number(request, "after", 0))
        if query.get("write_key") in (None, arrival.write_key)
        and query.get("user_id") in (None, arrival.user_id)
        and verdict in (None, arrival.verdict)
    ]
    newest = _number(request, "newest", len(matching))
    return await _json_lines(request, matching[max(0, len(matching) - newest) :], store.line)


async def forget_messages(request: web.Request) -> web.Response:
    request.app[STATE].store.forget_messages()
    return web.Response(status=204)


async def list_requests(request: web.Request) -> web.StreamResponse:
    _require_known_filters(request, {"write_key", "after"})
    after, write_key = _number(request, "after", 0), request.query.get("write_key")
    requests = request.app[STATE].store.requests
    return await _json_lines(
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
    except InvalidFault as error:
        _refuse(str(error))
    state.held_requests.release(lambda held: held in replaced)
    state.store.version += 1
    return web.json_response(fault.as_json(), status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """Clear the faults and release the requests that they hold."""
    _require_known_filters(request, {"write_key"})
    state, write_key = request.app[STATE], request.query.get("write_key")
    state.faults.clear(write_key)
    state.held_requests.release(lambda held: write_key in (None, held.write_key))
    state.store.version += 1
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    """Forget everything. Held requests are cut first, so none of them arrives afterwards."""
    state = request.app[STATE]
    state.faults.clear()
    state.held_requests.cut_all()
    state.store.forget_everything()
    return web.Response(status=204)


async def _json_lines(
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
    """Reject unknown filters: ignoring a misspelled one would list or clear everything."""
    for name in request.query:
        if name not in filters:
            _refuse(f"There is no filter {name}; use {', '.join(sorted(filters))}.")


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        _refuse(f"{name} must be a whole number.")
    return int(text)


def _refuse(sentence: str) -> NoReturn:
    raise web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")
