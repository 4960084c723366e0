"""`python -m devtools.twilio_stub --port 8020`: serve until told to stop, and tell the webhook at PUBLIC_URL of answers."""

import argparse
import asyncio
import os
import signal
import sys

from aiohttp import web

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
        "--webhook", default=webhook, help="whom to tell of answers (default: %(default)s)"
    )
    parser.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input ends, so as not to outlive the starter",
    )
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.webhook, options.stop_with_stdin))
    except OSError as error:
        print(
            f"The Twilio stand-in cannot listen on port {options.port}: {error.strerror}.",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(port: int, webhook: str, stop_with_stdin: bool) -> None:
    app = web.Application()
    app[STATE] = TwilioState(webhook)
    app.add_routes([*texts_api.routes(), *page.routes()])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(f"Twilio stand-in: http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await _told_to_stop(stop_with_stdin)
    finally:
        await runner.cleanup()


async def _told_to_stop(stop_with_stdin: bool) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if stop_with_stdin:
        loop.add_reader(sys.stdin.fileno(), _stop_at_the_end, stop)
    await stop.wait()


def _stop_at_the_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        stop.set()


if __name__ == "__main__":
    sys.exit(main())
