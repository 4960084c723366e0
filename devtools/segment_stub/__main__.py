"""`python -m devtools.segment_stub --port 8010`: serve until told to stop."""

import argparse
import asyncio
import errno
import os
import signal
import sys
from collections.abc import Sequence

from devtools.segment_stub.server import listen


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options.host, options.port, options.stop_with_stdin))
    except OSError as error:
        print(_why_not(error, options.host, options.port), file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devtools.segment_stub", description="A stand-in for Segment."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=8010,
        help="port to listen on, 0 for a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input ends, so as not to outlive the starter",
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are numbers from 0 to 65535")
    return int(text)


async def _serve(host: str, port: int, stop_with_stdin: bool) -> None:
    runner, chosen = await listen(host, port)
    shown_host = f"[{host}]" if ":" in host else host
    print(f"Segment stand-in: http://{shown_host}:{chosen}", flush=True)
    try:
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


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"The Segment stand-in cannot start: port {port} on {host} is taken. Stop what listens there or choose another with --port."
    return f"The Segment stand-in cannot listen on {host}, port {port}: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main())
