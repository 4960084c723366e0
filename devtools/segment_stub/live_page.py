"""The live page, and the stream of server-sent events that updates it."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from devtools.segment_stub.message_store import MessageStore
from devtools.segment_stub.tracking import STATE, SegmentState

RUN_ID: Final = secrets.token_hex(4)
"""Tells an open page that the stand-in restarted: message numbers begin at 1 again."""

SECONDS_BETWEEN_UPDATES: Final = 0.25
"""Fast enough to feel immediate, and at most four updates a second under any load."""

MESSAGES_PER_UPDATE: Final = 200
"""The newest messages of an update. A browser cannot draw more in a quarter of a second."""

KEEPALIVE_SECONDS: Final = 15.0
"""Seconds without a change after which a comment is sent, to notice that a page was closed."""

FILES: Final = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads nothing from other hosts and runs no script that a message contains."""


def page_routes() -> list[web.RouteDef]:
    return [web.get(path, page) for path in FILES] + [web.get("/events", events)]


async def page(request: web.Request) -> web.Response:
    name, content_type = FILES[request.path]
    body = (Path(__file__).parent / "page" / name).read_bytes()
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


async def events(request: web.Request) -> web.StreamResponse:
    """Stream JSON objects: the messages since the last one, and the current counts and faults."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    state = request.app[STATE]
    seen = 0
    while True:
        version = state.store.version
        update, seen = _update(state, seen)
        await response.write(b"data: " + update + b"\n\n")
        while not await _changed(state.store, version):
            await response.write(b": still here\n\n")


async def _changed(store: MessageStore, version: int) -> bool:
    for _ in range(int(KEEPALIVE_SECONDS / SECONDS_BETWEEN_UPDATES)):
        await asyncio.sleep(SECONDS_BETWEEN_UPDATES)
        if store.version != version:
            return True
    return False


def _update(state: SegmentState, seen: int) -> tuple[bytes, int]:
    """Return the update, and the number of its newest message."""
    store = state.store
    newest = store.newest(MESSAGES_PER_UPDATE, after=seen)
    rest: dict[str, Any] = {
        "epoch": f"{RUN_ID}.{store.epoch}",
        "businesses": [business.as_json() for business in store.businesses.values()],
        "troubles": [received.as_json() for received in store.problem_requests],
        "faults": [fault.as_json() for fault in state.faults.all()],
    }
    messages = b",".join(store.line(message) for message in newest)
    update = json.dumps(rest)[:-1].encode() + b', "messages": [' + messages + b"]}"
    return update, newest[-1].number if newest else seen
