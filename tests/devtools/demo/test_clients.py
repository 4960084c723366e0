"""What the simulation does when a server is away, is busy or makes no sense. The servers are real ones, and do what they are told."""

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

PAGE = '<html><main><form method="post"><input name="body"><input type="checkbox" name="ticked" checked></form></main></html>'


class Server:
    """Answers with what is next in `answers`: a status, headers and a body; a status of 0 cuts the connection."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        this = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                this.asked.append((self.headers.get("Idempotency-Key", ""), sent))
                status, headers, body = this.answers.pop(0)
                if not status:
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815 - the library looks for this name

            def log_message(self, *arguments: object) -> None:
                """Nothing."""

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


def api(url: str, said: list[str]) -> ApiClient:
    return ApiClient(
        HttpClient(url, "web server", said.append),
        "a till",
        "smrt_pos_x",
        said.append,
        NeverRepeats(),
    )


def test_a_server_that_is_away_is_waited_for_and_that_is_said_once() -> None:
    said: list[str] = []
    port, heard = free_port(), list[object]()
    caller = threading.Thread(
        target=lambda: heard.append(api(f"http://127.0.0.1:{port}", said).get("customers"))
    )
    caller.start()
    wait_until(lambda: bool(said), "it noticed")
    server = Server(port)
    server.answers.append((200, {}, '{"results": []}'))
    caller.join(10)
    server.stop()
    assert heard == [{"results": []}]
    assert said == ["The web server does not answer; waiting for it."]


def test_a_post_whose_answer_was_lost_is_sent_again_with_the_same_key(server: Server) -> None:
    said: list[str] = []
    server.answers += [(0, {}, ""), (201, {}, '{"id": "x"}')]
    assert api(server.url, said).post("orders", customer="c") == {"id": "x"}
    (first, body), (second, again) = server.asked
    assert first == second != ""
    assert json.loads(body) == json.loads(again) == {"customer": "c"}


def test_two_posts_have_keys_of_their_own(server: Server) -> None:
    server.answers += [(201, {}, "{}")] * 2
    caller = api(server.url, [])
    caller.post("orders")
    caller.post("orders")
    assert len({key for key, _ in server.asked}) == 2


def test_a_busy_server_is_left_alone_as_long_as_it_asks(server: Server) -> None:
    said: list[str] = []
    server.answers += [(429, {"Retry-After": "1"}, "{}"), (200, {}, '{"results": []}')]
    assert api(server.url, said).get("customers") == {"results": []}
    assert said == ["The web server asked to be left alone for 1 seconds."]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((500, {}, "<h1>Server Error</h1>"), "the web server answered 500 to a POST"),
        ((200, {}, "<h1>Hello</h1>"), "the API answered 200 and something else than JSON"),
    ],
)
def test_an_answer_that_makes_no_sense_is_told(
    server: Server, answer: tuple[int, dict[str, str], str], told: str
) -> None:
    server.answers.append(answer)
    with pytest.raises(UnexpectedResponse) as unexpected:
        api(server.url, []).post("orders")
    assert str(unexpected.value) == told


def test_refusals_are_told_in_the_apis_words(server: Server) -> None:
    server.answers.append(
        (
            400,
            {},
            '{"items": [{}, {"price": ["A number is required."]}], "detail": "Nothing was done."}',
        )
    )
    with pytest.raises(Refused) as refused:
        api(server.url, []).post("orders")
    assert str(refused.value) == "A number is required. Nothing was done."


def test_a_call_that_is_done_twice_is_told(server: Server) -> None:
    server.answers += [(201, {}, '{"id": "x"}'), (201, {}, '{"id": "y"}')]
    caller = ApiClient(
        HttpClient(server.url, "web server", print), "a till", "smrt_pos_x", print, AlwaysRepeats()
    )
    with pytest.raises(UnexpectedResponse) as unexpected:
        caller.post("orders")
    assert str(unexpected.value) == "a till sent a call twice, and it was done twice"


def test_a_form_is_sent_once_even_when_its_answer_is_lost(server: Server) -> None:
    """Nobody knows whether it was done, and a page has no key by which it would be known."""
    server.answers += [(200, {}, PAGE), (0, {}, "")]
    browser = SimpleBrowser(HttpClient(server.url, "web server", print))
    page = browser.open("/")
    with pytest.raises(UnexpectedResponse) as unexpected:
        browser.send(page, {"body": "No"})
    assert str(unexpected.value).startswith("the web server broke off")
    assert [sent for _, sent in server.asked] == ["", "body=No&ticked=on"]


def test_a_form_without_the_field_is_not_sent(server: Server) -> None:
    server.answers.append((200, {}, PAGE))
    browser = SimpleBrowser(HttpClient(server.url, "web server", print))
    with pytest.raises(UnexpectedResponse) as unexpected:
        browser.send(browser.open("/"), {"nobody": "No"})
    assert str(unexpected.value) == "the form has no field nobody"
