"""`python -m devtools.twilio_stub --port 8020`: serve until stopped.

Replies are posted to the webhook at PUBLIC_URL, as Twilio does.
"""

import argparse
import asyncio
import os
import sys

from aiohttp import web

from devtools.stub_process import add_stop_option, wait_until_stopped
from devtools.twilio_stub import page, texts_api
from devtools.twilio_stub.texts_api import STATE, TwilioState


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m devtools.twilio_stub", description="A stand-in for Twilio."
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8020,
        help="port to listen on, 0 for a free one (default: %(default)s)",
    )
    webhook = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/") + "/texts/incoming"
    parser.add_argument(
        "--webhook", default=webhook, help="address that gets replies (default: %(default)s)"
    )
    parser.add_argument(
        "--delay",
        type=float,
        default=0.0,
        help="seconds between a text and the response to it (default: %(default)s)",
    )
    add_stop_option(parser)
    options = parser.parse_args()
    try:
        asyncio.run(
            _serve(
                options.port, TwilioState(options.webhook, options.delay), options.stop_with_stdin
            )
        )
    except OSError as error:
        print(
            f"The Twilio stand-in cannot listen on port {options.port}: {error.strerror}.",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(port: int, state: TwilioState, stop_with_stdin: bool) -> None:
    app = web.Application()
    app[STATE] = state
    app.add_routes([*texts_api.routes(), *page.routes()])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(f"Twilio stand-in: http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await wait_until_stopped(stop_with_stdin)
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
