"""The stand-in's HTTP server."""

from typing import Final

from aiohttp import web

from devtools.segment_stub.control import control_routes
from devtools.segment_stub.envelope import MAX_REQUEST_BYTES
from devtools.segment_stub.live_page import page_routes
from devtools.segment_stub.tracking import STATE, SegmentState, tracking_routes

BACKLOG: Final = 1024
"""Connections that wait to be accepted: a benchmark opens hundreds at the same instant."""

SECONDS_TO_FINISH: Final = 0.5
"""Time for open requests when stopping: held requests and open pages would never finish."""


async def listen(host: str, port: int) -> tuple[web.AppRunner, int]:
    """Return the runner, to clean up later, and the port. Raises OSError if it cannot listen."""
    # `envelope` inflates a body, to measure it. `handler_cancellation` ends a held request when
    # its client gives up.
    runner = web.AppRunner(
        application(),
        access_log=None,
        auto_decompress=False,
        handler_cancellation=True,
        shutdown_timeout=SECONDS_TO_FINISH,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, runner.addresses[0][1]


def application() -> web.Application:
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app[STATE] = SegmentState()
    app.add_routes(tracking_routes() + control_routes() + page_routes())
    return app
