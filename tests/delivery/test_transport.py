"""Our POST sends what the SDK's own sends, and does nothing that a general HTTP client may do."""

import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django.fixtures import Settings
from segment.analytics import request as sdk

from devtools.services.ports import free_port
from events.utf8_json import to_utf8
from smrt_integration.delivery import responses, segment, transport
from smrt_integration.delivery.responses import Decision

WRITE_KEY = "k" * 32
HAPPENED_AT = datetime(2026, 3, 1, 17, 30, 0, 123456, tzinfo=UTC)
USER = UUID("3f0b8a52-6c1e-4e57-9d2a-0f4c8b7e6d51")
MESSAGES = [
    segment.identify(USER, {"name": "Zoë 李", "balance": 0.1}, "Europe/Berlin", HAPPENED_AT, "1"),
    segment.track(
        USER, "Order Ready", {"order_id": "7", "discount": None}, "Europe/Berlin", HAPPENED_AT, "2"
    ),
]


@dataclass(frozen=True, slots=True)
class ReceivedPost:
    client: tuple[str, int]
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Receiver:
    """Records each request and answers it with `status`, `headers` and `body`."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"success": true}'
    posts: list[ReceivedPost] = field(default_factory=list)
    url: str = ""


def handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.posts.append(
                ReceivedPost(self.client_address, self.path, dict(self.headers), body)
            )
            if not receiver.status:
                self.close_connection = True
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        do_GET = do_POST  # noqa: N815 - the base class looks for this name

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


@contextmanager
def serving(receiver: Receiver, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(receiver)) as server:
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        transport._pool().clear()
        server.shutdown()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as receiver:
        yield receiver


def post(receiver: Receiver, retry_count: int = 0) -> responses.Response:
    return segment.post(WRITE_KEY, receiver.url, [to_utf8(m) for m in MESSAGES], retry_count)


@pytest.mark.parametrize("retry_count", [0, 3])
def test_our_post_sends_the_path_auth_headers_and_json_of_the_sdks_own(
    retry_count: int, receiver: Receiver
) -> None:
    sdk.post(WRITE_KEY, receiver.url, retry_count=retry_count, batch=MESSAGES)
    post(receiver, retry_count)

    theirs, ours = receiver.posts
    assert ours.path == theirs.path == "/v1/batch"
    # what the SDK sets, and not what every HTTP client adds for itself
    names = {"Content-Type", "User-Agent", "Authorization", "X-Retry-Count"}
    for sent in (ours, theirs):
        assert sent.headers.keys() - names <= {
            *("Host", "Content-Length", "Accept", "Accept-Encoding", "Connection")
        }
    assert {name: ours.headers.get(name) for name in names} == {
        name: theirs.headers.get(name) for name in names
    }
    assert (ours.headers.get("X-Retry-Count") == "3") == bool(retry_count)
    assert isinstance(datetime.fromisoformat(theirs.body.pop("sentAt")), datetime)
    assert datetime.fromisoformat(ours.body.pop("sentAt")).utcoffset() == timedelta(0)
    assert ours.body == theirs.body
    assert list(ours.body["batch"]) == MESSAGES


def test_sent_at_is_stamped_at_each_attempt(receiver: Receiver) -> None:
    before = datetime.now(UTC)
    post(receiver)
    between = datetime.now(UTC)
    post(receiver, 1)

    first, second = (datetime.fromisoformat(sent.body["sentAt"]) for sent in receiver.posts)
    assert before <= first <= between <= second <= datetime.now(UTC)


def test_a_redirect_is_a_response_and_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": f"{receiver.url}/elsewhere"}

    response = post(receiver)

    assert (response.decision, response.status) == (Decision.BACK_OFF, 302)
    assert [sent.path for sent in receiver.posts] == ["/v1/batch"]


def test_a_netrc_entry_does_not_replace_the_write_key(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tmp_path / ".netrc"
    entry.write_text("machine 127.0.0.1 login somebody password else\n")
    entry.chmod(0o600)
    monkeypatch.setenv("NETRC", str(entry))

    sdk.post(WRITE_KEY, receiver.url, batch=MESSAGES)
    post(receiver)

    theirs, ours = (sent.headers["Authorization"] for sent in receiver.posts)
    assert ours == "Basic " + b64encode(f"{WRITE_KEY}:".encode()).decode()
    assert theirs != ours, "the SDK's session reads netrc, so this test would notice"


def test_proxy_variables_are_ignored(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    assert post(receiver).decision is Decision.ACCEPT


def test_responses_are_read_to_the_end_so_that_one_connection_serves_all_posts(
    receiver: Receiver,
) -> None:
    receiver.body = b"x" * 300_000

    assert [post(receiver).decision for _ in range(3)] == [Decision.ACCEPT] * 3
    assert len({sent.client for sent in receiver.posts}) == 1


def test_a_connection_that_is_cut_is_one_attempt(receiver: Receiver) -> None:
    receiver.status = 0

    assert post(receiver) == responses.unreachable()
    assert len(receiver.posts) == 1


def test_a_receiver_that_accepts_and_says_nothing_times_out(settings: Settings) -> None:
    settings.SEGMENT_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert (
            segment.post(WRITE_KEY, host, [to_utf8(m) for m in MESSAGES]) == responses.timed_out()
        )


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "http://nobody.invalid", "http://[::1"])
def test_a_host_that_cannot_be_reached_is_no_exception(host: str) -> None:
    assert segment.post(WRITE_KEY, host, [to_utf8(m) for m in MESSAGES]) == responses.unreachable()


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("90", 90.0),
        # the SDK's ceiling, so that an absurd header does not end sending
        ("86400", 300.0),
        ("0", 1.0),
        ("soon", responses.SLOW_DOWN_SECONDS),
        ("Wed, 21 Oct 2015 07:28:00 GMT", responses.SLOW_DOWN_SECONDS),
    ],
)
def test_retry_after_is_read_as_the_sdk_reads_it(
    retry_after: str, seconds: float, receiver: Receiver
) -> None:
    receiver.status, receiver.headers = 429, {"retry-after": retry_after}

    assert post(receiver).wait_seconds == seconds


def test_retry_after_may_be_a_date(receiver: Receiver) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    receiver.status, receiver.headers = 503, {"Retry-After": date}

    assert 110 < (post(receiver).wait_seconds or 0) <= 120


def test_a_certificate_that_no_authority_signed_is_not_trusted(tmp_path: Path) -> None:
    with serving(Receiver(), self_signed(tmp_path)) as receiver:
        assert post(receiver) == responses.unreachable()
        assert receiver.posts == []


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
