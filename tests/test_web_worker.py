"""SIGTERM to the web server: what is under way is answered, what comes now is refused at once."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from devtools.services.ports import free_port, is_free
from tests.web import BOOTED_CHILD
from tests.workers import Program, wait_until


class SlowWeb(Program):
    """Our web server's settings, with an application whose answers wait for a file."""

    module = ("gunicorn",)

    def __init__(self, workers: int, file: Path) -> None:
        self.port, self.file = free_port(), file
        self.clients = ExitStack()
        arguments = ["--bind", f"127.0.0.1:{self.port}", "--workers", str(workers)]
        super().__init__(["tests.slow_app", *arguments], {})
        with self.killed_on_failure():
            wait_until(
                lambda: (
                    len(BOOTED_CHILD.findall(self.printed)) == workers and not is_free(self.port)
                ),
                "it listens",
            )

    def connect(self) -> socket.socket:
        """Connect, and send a request."""
        client = self.clients.enter_context(
            socket.create_connection(("127.0.0.1", self.port), timeout=10)
        )
        request = f"GET /?{quote(str(self.file))} HTTP/1.0\r\n\r\n"
        client.sendall(request.encode())
        return client

    def refuses(self) -> bool:
        try:
            self.connect().close()
        except ConnectionRefusedError:
            return True
        return False

    def child(self) -> int:
        return int(BOOTED_CHILD.findall(self.printed)[-1])


def answers(clients: list[socket.socket]) -> list[bytes]:
    """Read all at once. Gunicorn waits up to two seconds for each client to close."""
    with ThreadPoolExecutor(len(clients)) as threads:
        return list(threads.map(answer, clients))


def answer(client: socket.socket) -> bytes:
    with client, client.makefile("rb") as received:
        return received.read()[-4:]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer now"


@pytest.fixture
def web(file: Path, request: pytest.FixtureRequest) -> Iterator[SlowWeb]:
    web = SlowWeb(request.param, file)
    with web.clients:
        yield web
    web.kill()


@pytest.mark.parametrize("web", [2], indirect=True)
def test_a_connection_after_sigterm_is_refused_at_once_and_what_is_under_way_is_answered(
    web: SlowWeb, file: Path
) -> None:
    under_way = [web.connect() for _ in range(2)]
    wait_until(lambda: web.printed.count("request under way") == 2, "both are under way")

    web.process.terminate()

    wait_until(web.refuses, "it refuses connections", 2)
    assert web.process.poll() is None
    file.touch()
    assert answers(under_way) == [b"done"] * 2
    assert web.process.wait(10) == 0


@pytest.mark.parametrize("web", [1], indirect=True)
def test_a_connection_before_sigterm_is_answered_though_nobody_accepted_it_yet(
    web: SlowWeb, file: Path
) -> None:
    file.touch()
    os.kill(web.child(), signal.SIGSTOP)
    waiting = [web.connect() for _ in range(5)]

    web.process.terminate()
    os.kill(web.child(), signal.SIGCONT)

    assert answers(waiting) == [b"done"] * 5
    assert web.process.wait(10) == 0
