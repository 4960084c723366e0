"""Twilio is reached over TLS, and its certificate is checked although no request loads its own."""

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from customers.texts.send_results import Postponed, Sent, TextToSend
from customers.texts.twilio_backend import TwilioBackend
from tests.twilio import ACCOUNT, TOKEN

TEXT = TextToSend(1, "+14155550111", "+15105550100", "Our van will come.")


@pytest.fixture
def clock() -> None:
    """The real clock: certificates have times."""


class Twilio(BaseHTTPRequestHandler):
    """Accept every text. Each connection is counted by its port."""

    connections: list[int]

    def do_POST(self) -> None:
        self.connections.append(self.client_address[1])
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"sid": "SM1"}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def write_certificate(folder: Path) -> Path:
    """Create a certificate of 127.0.0.1, in a file that has its key too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "twilio.pem"
    file.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path)


@pytest.fixture
def connections(certificate: Path, settings: Any) -> Iterator[list[int]]:
    """The port of each request's connection to a Twilio behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    connections: list[int] = []
    handler = type("CountingTwilio", (Twilio,), {"connections": connections})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        settings.TWILIO_HOST = f"https://127.0.0.1:{server.server_port}"
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        yield connections
        server.shutdown()


def test_a_certificate_of_a_known_authority_is_accepted(
    connections: list[int], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    backend = TwilioBackend()
    assert [backend.send(TEXT) for _ in range(3)] == [Sent("SM1")] * 3
    # None is kept: Twilio may close it just as a request leaves.
    assert len({*connections}) == 3


def test_a_certificate_of_an_unknown_authority_is_refused_and_nothing_is_sent(
    connections: list[int],
) -> None:
    assert TwilioBackend().send(TEXT) == Postponed()
    assert connections == []
