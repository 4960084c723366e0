"""Files of any size over real HTTP: streamed, with bounded memory, and whole or not at all."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from customers.models import Business
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from smrt_integration.imports.models import CustomerImport, import_storage
from tests.nginx import nginx
from tests.web import BOOTED_CHILD, Web
from tests.workers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HEADINGS = b"external_id,first_name\n"
LINE = b"%09d,Ann\n"
MOST_MEMORY_KB = 20_000
"""A piece is 1 MB. What a process takes at its first request is taken before."""


class File:
    """A CSV file that is made while it is sent."""

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def __len__(self) -> int:
        return len(HEADINGS) + self.lines * len(LINE % 0)

    def __iter__(self) -> Iterator[bytes]:
        yield HEADINGS
        for start in range(0, self.lines, 10_000):
            yield b"".join(LINE % n for n in range(start, min(start + 10_000, self.lines)))


@pytest.fixture
def secret(business: Business) -> str:
    return ApiKey.issue(business, Client.POS, "Till")[1]


def send(url: str, secret: str, file: File) -> requests.Response:
    headers = {
        "Authorization": f"Bearer {secret}",
        "Content-Type": "text/csv",
        "Content-Length": str(len(file)),
    }
    with requests.Session() as http:
        http.trust_env = False
        # A Content-Length of our own keeps requests from sending chunks.
        request = http.prepare_request(requests.Request("POST", url, headers))
        request.body = iter(file)  # type: ignore[assignment]
        return http.send(request, timeout=60)


def kept_bytes() -> list[int]:
    storage = import_storage()
    return [storage.size(name) for name in storage.listdir("")[1]] if storage.exists("") else []


def peak_memory(web: Web) -> int:
    """Return the most memory that the web process has had so far, in kB."""
    child = BOOTED_CHILD.findall(web.printed)[-1]
    status = Path(f"/proc/{child}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_a_large_file_is_streamed_also_through_the_proxy(
    web: Web, secret: str, tmp_path: Path
) -> None:
    before = len(kept_bytes())
    assert send(f"{web.url}/api/v1/imports", secret, File(10)).status_code == 201
    memory = peak_memory(web)
    file = File(5_000_000)
    assert len(file) > 60_000_000

    response = send(f"{web.url}/api/v1/imports", secret, file)

    assert response.status_code == 201, response.text
    assert peak_memory(web) - memory < MOST_MEMORY_KB
    assert max(kept_bytes()) == len(file)
    with nginx(web.url, tmp_path) as url:
        assert send(f"{url}/api/v1/imports", secret, File(600_000)).status_code == 201
        unknown = send(f"{url}/api/v1/imports", "smrt_pos_unknown", File(600_000))
        assert unknown.status_code == 401
        other = send(f"{url}/api/v1/orders", secret, File(600_000))
        assert other.status_code == 413
    assert CustomerImport.objects.count() == len(kept_bytes()) - before == 3


def test_a_connection_that_ends_early_leaves_nothing(web: Web, secret: str) -> None:
    before = len(kept_bytes())
    address = urlsplit(web.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall(
            f"POST /api/v1/imports HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {secret}\r\nContent-Type: text/csv\r\n"
            "Content-Length: 2000000\r\n\r\n".encode()
        )
        client.sendall(HEADINGS + LINE % 1)
    wait_until(lambda: "/api/v1/imports" in web.printed, "the upload has ended")

    assert not CustomerImport.objects.exists()
    assert len(kept_bytes()) == before
    assert send(f"{web.url}/api/v1/imports", secret, File(1)).status_code == 201
