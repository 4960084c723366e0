"""A minimal HTTP server in place of Segment: it accepts every batch and counts the messages.

It does not parse the messages, so it takes little time from what is measured.
`python -m bench.receiver` prints its address and ends when its standard input is closed. A POST
is a batch; `programs.Receiver` sends the GET requests.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

TRACK = re.compile(rb'"type": ?"track"')
IDENTIFY = re.compile(rb'"type": ?"identify"')
"""As we write it, and as Python's json module, and so Segment's SDK, does."""
ORDER_ID = re.compile(rb'"order_id": ?"([^"]+)"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


@dataclass(slots=True)
class Counts:
    """What arrived since the last reset."""

    delay: float = 0.0
    keep_orders: bool = False
    requests: int = 0
    tracks: int = 0
    identifies: int = 0
    last_at: float = 0.0
    """When the last batch was complete, as `time.time()`."""
    arrivals: dict[str, float] = field(default_factory=dict)
    """When the first event of each order arrived, as `time.time()`; only with `keep_orders`."""
    waiting: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    """Clients that wait for so many tracks, with the function that responds to them."""

    def count(self, body: bytes) -> None:
        self.last_at = time.time()
        self.requests += 1
        self.tracks += len(TRACK.findall(body))
        self.identifies += len(IDENTIFY.findall(body))
        if self.keep_orders:
            for order_id in ORDER_ID.findall(body):
                self.arrivals.setdefault(order_id.decode(), self.last_at)
        for tracks, respond in [entry for entry in self.waiting if entry[0] <= self.tracks]:
            self.waiting.remove((tracks, respond))
            respond()

    def as_json(self) -> bytes:
        counts = {
            name: getattr(self, name)
            for name in ("requests", "tracks", "identifies", "last_at", "arrivals")
        }
        return json.dumps(counts).encode()


class Connection(asyncio.Protocol):
    """One client's connection; requests come one after the other."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.received = bytearray()
        self.head_end = -1
        self.needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.head_end < 0:
            self.head_end = self.received.find(END_OF_HEAD)
            if self.head_end < 0:
                return
            length = LENGTH.search(self.received, 0, self.head_end)
            self.needed = self.head_end + len(END_OF_HEAD) + (int(length[1]) if length else 0)
        if len(self.received) >= self.needed:
            request, self.received, self.head_end = bytes(self.received), bytearray(), -1
            self.server.handle(request, self)

    def respond(self, body: bytes = b"{}") -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


class Server:
    """Counts batches, and responds to questions about the counts."""

    def __init__(self) -> None:
        self.counts = Counts()

    def handle(self, request: bytes, connection: Connection) -> None:
        if request.startswith(b"POST"):
            self.counts.count(request)
            if self.counts.delay:
                asyncio.get_running_loop().call_later(self.counts.delay, connection.respond)
            else:
                connection.respond()
            return
        address = urlsplit(request.split(b" ", 2)[1].decode())
        self._handle_get(
            address.path,
            {name: float(values[0]) for name, values in parse_qs(address.query).items()},
            connection,
        )

    def _handle_get(self, path: str, numbers: dict[str, float], connection: Connection) -> None:
        if path == "/reset":
            self.counts = Counts(numbers["delay"], bool(numbers["keep_orders"]))
            connection.respond()
        elif path == "/wait" and self.counts.tracks < numbers["tracks"]:
            self.counts.waiting.append(
                (int(numbers["tracks"]), lambda: connection.respond(self.counts.as_json()))
            )
        else:
            connection.respond(self.counts.as_json())


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = Server()
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
