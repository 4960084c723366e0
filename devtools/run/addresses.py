"""The ports of `make run`, from the environment."""

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from devtools.run.errors import RunError

WEB_PORT = "WEB_PORT"
SEGMENT_STUB_PORT = "SEGMENT_STUB_PORT"
TWILIO_STUB_PORT = "TWILIO_STUB_PORT"
DEFAULTS = {WEB_PORT: 8000, SEGMENT_STUB_PORT: 8010, TWILIO_STUB_PORT: 8020}


@dataclass(frozen=True)
class Addresses:
    web_port: int
    segment_port: int
    twilio_port: int

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def segment(self) -> str:
        return f"http://127.0.0.1:{self.segment_port}"

    @property
    def twilio(self) -> str:
        return f"http://127.0.0.1:{self.twilio_port}"


def read_addresses(environment: Mapping[str, str]) -> Addresses:
    ports = {
        name: _port(name, environment.get(name, "").strip() or str(default))
        for name, default in DEFAULTS.items()
    }
    for one, other in combinations(ports, 2):
        if ports[one] == ports[other]:
            raise RunError(
                f"{one} and {other} are both {ports[one]}. Give one of them another port."
            )
    return Addresses(ports[WEB_PORT], ports[SEGMENT_STUB_PORT], ports[TWILIO_STUB_PORT])


def require_free(addresses: Addresses) -> None:
    for name, port in zip(
        DEFAULTS, (addresses.web_port, addresses.segment_port, addresses.twilio_port), strict=True
    ):
        if problem := _port_problem(port):
            raise RunError(
                f"Port {port} {problem}. Choose another one with {name}, "
                f"for example `make run {name}={_suggest_port(port)}`."
            )


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise RunError(f"{name} must be a port: a whole number from 1 to 65535.")
    return int(text)


def _port_problem(port: int) -> str:
    with socket.socket() as probe:
        # as the servers do, so a port with old connections in TIME_WAIT counts as free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return (
                "is in use by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used ({os.strerror(error.errno or 0)})"
            )
    return ""


def _suggest_port(port: int) -> int:
    return port + 100 if 1024 <= port < 65_000 else 8100
