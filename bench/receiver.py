"""A receiver that costs as little as one can: it answers every batch 200 and counts messages without parsing them.

`python -m bench.receiver` prints its address, and ends when its standard input does. GET asks it things (see `Receiver`); POST is a batch.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

TRACK, IDENTIFY = b'"type": "track"', b'"type": "identify"'
"""As Python's json writes it, and so the SDK."""
ORDER_ID = re.compile(rb'"order_id": "([^"]+)"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


@dataclass(slots=True)
class Counts:
    delay: float = 0.0
    keep_orders: bool = False
    requests: int = 0
    tracks: int = 0
    identifies: int = 0
    last_at: float = 0.0
    """When the last batch had arrived completely, as `time.time()`."""
    arrivals: dict[str, float] = field(default_factory=dict)
    """By order, when its event first arrived, as `time.time()`; only with `keep_orders`."""
    waiting: list[tuple[int, Callable[[], None]]] = field(default_factory=list)

    def count(self, body: bytes) -> None:
        self.last_at = time.time()
        self.requests += 1
        self.tracks += body.count(TRACK)
        self.identifies += body.count(IDENTIFY)
        if self.keep_orders:
            for order_id in ORDER_ID.findall(body):
                self.arrivals.setdefault(order_id.decode(), self.last_at)
        for tracks, answer in [found for found in self.waiting if found[0] <= self.tracks]:
            self.waiting.remove((tracks, answer))
            answer()

    def as_json(self) -> bytes:
        shown = {
            name: getattr(self, name)
            for name in ("requests", "tracks", "identifies", "last_at", "arrivals")
        }
        return json.dumps(shown).encode()


class Connection(asyncio.Protocol):
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

    def answer(self, body: bytes = b"{}") -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


class Server:
    def __init__(self) -> None:
        self.counts = Counts()

    def handle(self, request: bytes, connection: Connection) -> None:
        if request.startswith(b"POST"):
            self.counts.count(request)
            if self.counts.delay:
                asyncio.get_running_loop().call_later(self.counts.delay, connection.answer)
            else:
                connection.answer()
            return
        address = urlsplit(request.split(b" ", 2)[1].decode())
        self._asked(
            address.path,
            {name: float(values[0]) for name, values in parse_qs(address.query).items()},
            connection,
        )

    def _asked(self, path: str, numbers: dict[str, float], connection: Connection) -> None:
        if path == "/reset":
            self.counts = Counts(numbers["delay"], bool(numbers["keep_orders"]))
            connection.answer()
        elif path == "/wait" and self.counts.tracks < numbers["tracks"]:
            self.counts.waiting.append(
                (int(numbers["tracks"]), lambda: connection.answer(self.counts.as_json()))
            )
        else:
            connection.answer(self.counts.as_json())


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = Server()
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
