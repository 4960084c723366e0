"""The simulation when a server is away, busy or faulty, with real servers that return faults."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from devtools.demo.api_client import ApiClient
from devtools.demo.http_client import HttpClient, Refused, UnexpectedResponse
from devtools.demo.simple_browser import SimpleBrowser
from devtools.services.ports import free_port
from tests.devtools.demo.conftest import AlwaysRepeats, NeverRepeats
from tests.devtools.run.processes import wait_until

PAGE = (
    '<html><main><form method="post"><input name="body">'
    '<input type="checkbox" name="ticked" checked></form></main></html>'
)


class Server:
    """A server that sends the next of `responses`: status, headers, body. Status 0 cuts off."""

    def __init__(self, port: int = 0) -> None:
        self.responses: list[tuple[int, dict[str, str], str]] = []
        self.requests: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                server.requests.append((self.headers.get("Idempotency-Key", ""), sent))
                status, headers, body = server.responses.pop(0)
                if not status:
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815 - the library looks for this name

            def log_message(self, *arguments: object) -> None:
                """Print nothing."""

        return Handler

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def api(url: str, lines: list[str]) -> ApiClient:
    return ApiClient(
        HttpClient(url, "web server", lines.append),
        "a till",
        "smrt_pos_x",
        lines.append,
        NeverRepeats(),
    )


def test_a_client_waits_for_a_server_that_is_away_and_prints_that_once() -> None:
    lines: list[str] = []
    port, results = free_port(), list[object]()
    caller = threading.Thread(
        target=lambda: results.append(api(f"http://127.0.0.1:{port}", lines).get("customers"))
    )
    caller.start()
    wait_until(lambda: bool(lines), "it noticed")
    server = Server(port)
    server.responses.append((200, {}, '{"results": []}'))
    caller.join(10)
    server.stop()
    assert results == [{"results": []}]
    assert lines == ["The web server does not answer. Waiting for it."]


def test_a_post_without_a_response_is_repeated_with_the_same_key(server: Server) -> None:
    lines: list[str] = []
    server.responses += [(0, {}, ""), (201, {}, '{"id": "x"}')]
    assert api(server.url, lines).post("orders", customer="c") == {"id": "x"}
    (first, body), (second, again) = server.requests
    assert first == second != ""
    assert json.loads(body) == json.loads(again) == {"customer": "c"}


def test_two_posts_have_different_keys(server: Server) -> None:
    server.responses += [(201, {}, "{}")] * 2
    caller = api(server.url, [])
    caller.post("orders")
    caller.post("orders")
    assert len({key for key, _ in server.requests}) == 2


def test_a_client_waits_as_long_as_a_busy_server_asks(server: Server) -> None:
    lines: list[str] = []
    server.responses += [(429, {"Retry-After": "1"}, "{}"), (200, {}, '{"results": []}')]
    assert api(server.url, lines).get("customers") == {"results": []}
    assert lines == ["The web server asks us to wait for 1 second."]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ((500, {}, "<h1>Server Error</h1>"), "the web server answered 500 to a POST"),
        ((200, {}, "<h1>Hello</h1>"), "the API answered 200 without JSON"),
    ],
)
def test_an_unexpected_response_is_reported(
    server: Server, response: tuple[int, dict[str, str], str], message: str
) -> None:
    server.responses.append(response)
    with pytest.raises(UnexpectedResponse) as unexpected:
        api(server.url, []).post("orders")
    assert str(unexpected.value) == message


def test_refusals_have_the_apis_sentences(server: Server) -> None:
    server.responses.append(
        (
            400,
            {},
            '{"errors": [{"message": "A number is required."}, {"message": "Nothing was done."}]}',
        )
    )
    with pytest.raises(Refused) as refused:
        api(server.url, []).post("orders")
    assert str(refused.value) == "A number is required. Nothing was done."


def test_a_request_executed_twice_is_reported(server: Server) -> None:
    server.responses += [(201, {}, '{"id": "x"}'), (201, {}, '{"id": "y"}')]
    caller = ApiClient(
        HttpClient(server.url, "web server", print), "a till", "smrt_pos_x", print, AlwaysRepeats()
    )
    with pytest.raises(UnexpectedResponse) as unexpected:
        caller.post("orders")
    assert str(unexpected.value) == "a till repeated a request, and it was executed twice"


def test_a_form_is_sent_once_even_without_a_response(server: Server) -> None:
    """Its result is unknown, and a page has no idempotency key."""
    server.responses += [(200, {}, PAGE), (0, {}, "")]
    browser = SimpleBrowser(HttpClient(server.url, "web server", print))
    page = browser.open("/")
    with pytest.raises(UnexpectedResponse) as unexpected:
        browser.send(page, {"body": "No"})
    assert str(unexpected.value).startswith("the web server closed the connection")
    assert [sent for _, sent in server.requests] == ["", "body=No&ticked=on"]


def test_a_form_without_the_field_is_not_sent(server: Server) -> None:
    server.responses.append((200, {}, PAGE))
    browser = SimpleBrowser(HttpClient(server.url, "web server", print))
    with pytest.raises(UnexpectedResponse) as unexpected:
        browser.send(browser.open("/"), {"nobody": "No"})
    assert str(unexpected.value) == "the form has no field nobody"
