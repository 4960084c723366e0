"""`python -m devtools.segment_stub --port 8010`: serve until stopped."""

import argparse
import asyncio
import errno
import sys
from collections.abc import Sequence

from devtools.segment_stub.server import listen
from devtools.stub_process import add_stop_option, wait_until_stopped


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options.host, options.port, options.stop_with_stdin))
    except OSError as error:
        print(_start_error(error, options.host, options.port), file=sys.stderr)
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
    add_stop_option(parser)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; use a number from 0 to 65535")
    return int(text)


async def _serve(host: str, port: int, stop_with_stdin: bool) -> None:
    runner, chosen = await listen(host, port)
    shown_host = f"[{host}]" if ":" in host else host
    print(f"Segment stand-in: http://{shown_host}:{chosen}", flush=True)
    try:
        await wait_until_stopped(stop_with_stdin)
    finally:
        await runner.cleanup()


def _start_error(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"The Segment stand-in cannot start: port {port} on {host} is in use. "
            "Stop the program that uses it, or choose another port with --port."
        )
    return f"The Segment stand-in cannot listen on {host}, port {port}: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main())
