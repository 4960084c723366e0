"""How a stand-in's process stops. Both stand-ins use this."""

import argparse
import asyncio
import os
import signal
import sys


def add_stop_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stop-with-stdin",
        action="store_true",
        help="stop when standard input ends, as it does when the parent process ends",
    )


async def wait_until_stopped(stop_with_stdin: bool) -> None:
    """Return after SIGINT or SIGTERM, and with `stop_with_stdin` also at the end of stdin."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if stop_with_stdin:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, stop)
    await stop.wait()


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        stop.set()
