"""Clients that read slowly, or send half a request, keep no web thread from others."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone

from customers.models import Business, Customer
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from smrt_integration.exports import files
from smrt_integration.exports.download import DOWNLOADS_AT_ONCE
from smrt_integration.exports.models import Export
from tests.admin.conftest import logged_in
from tests.factories import ExportFactory
from tests.nginx import nginx
from tests.web import Web
from tests.workers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TILL_SECONDS = 4.0
"""A till's order takes 0.1 s, on a busy machine more. Half requests would hold it for good."""
READERS = 12
MEGABYTE = 1_000_000
HALVES = (b"", b"POST /api/v1/ord", b"GET / HTTP/1.1\r\nHost: localhost\r\n")
HALF_A_BODY = b"POST /texts/incoming HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nBody"


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Web]:
    web = Web({})
    yield web
    web.kill()


@pytest.fixture
def web(server: Web, transactional_db: None) -> Web:
    server.replace_child()
    return server


@pytest.fixture
def proxy(web: Web, tmp_path: Path) -> Iterator[str]:
    """The address of nginx with the project's configuration, in front of the web server."""
    with nginx(web.url, tmp_path) as url:
        yield url


@pytest.fixture
def export(business: Business) -> Iterator[Export]:
    """A finished export, larger than what the buffers of a connection take."""
    export = ExportFactory.create(
        business=business, finished_at=timezone.now(), bytes=20 * MEGABYTE
    )
    content = ContentFile(b"x" * export.bytes)
    export.parts = [files.storage().save(f"{export.folder}/part", content)]
    export.save()
    yield export
    files.delete_files(export.folder)


def connect(url: str, sent: bytes) -> socket.socket:
    address = urlsplit(url)
    client = socket.socket()
    # The smallest that the kernel allows: nearly all of a response waits at the server.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    client.connect((address.hostname, address.port))
    client.sendall(sent)
    return client


def slow_reader(url: str, owner: User, export: Export) -> socket.socket:
    """Ask for the download, and read nothing of it."""
    session = logged_in(owner).cookies["sessionid"].value
    lines = (
        f"GET /admin/smrt_integration/export/{export.pk}/download/ HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Cookie: sessionid={session}",
        "\r\n",
    )
    return connect(url, "\r\n".join(lines).encode())


def status(reader: socket.socket) -> int:
    return int(reader.recv(12)[-3:])


def seconds_of_an_order(url: str, customer: Customer) -> float:
    secret = ApiKey.issue(customer.business, Client.POS, "Till")[1]
    began = time.monotonic()
    with requests.Session() as till:
        till.trust_env = False
        response = till.post(
            f"{url}/api/v1/orders",
            json={"customer": str(customer.uuid)},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=30,
        )
    assert response.status_code == 201
    return time.monotonic() - began


def test_slow_readers_of_exports_keep_no_till_waiting_without_a_proxy(
    web: Web, owner: User, export: Export, customer: Customer
) -> None:
    with ExitStack() as stack:
        readers = [
            stack.enter_context(closing(slow_reader(web.url, owner, export)))
            for _ in range(READERS)
        ]
        statuses = [status(reader) for reader in readers]
        assert statuses.count(200) == DOWNLOADS_AT_ONCE
        # 503: another download is under way; 429: the business has too many requests at a time
        assert set(statuses) <= {200, 429, 503}
        assert seconds_of_an_order(web.url, customer) < TILL_SECONDS


def test_behind_the_proxy_slow_readers_and_half_requests_keep_nobody_waiting(
    proxy: str, owner: User, export: Export, customer: Customer
) -> None:
    with ExitStack() as stack:
        for half in (*HALVES, HALF_A_BODY):
            for _ in range(READERS):
                stack.enter_context(closing(connect(proxy, half)))

        def is_served() -> bool:
            """Another download may be on its way to the proxy."""
            return status(stack.enter_context(closing(slow_reader(proxy, owner, export)))) == 200

        for _ in range(READERS):
            wait_until(is_served, "a slow reader gets the file")
        assert seconds_of_an_order(proxy, customer) < TILL_SECONDS
