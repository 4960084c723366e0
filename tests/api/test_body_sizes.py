"""Bodies of real sizes over real HTTP: the API takes 5 MB, pages take a little."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from customers.models import Customer, Order
from smrt_integration.api.models import ApiKey
from smrt_integration.api.parsers import MAX_BODY_BYTES
from smrt_integration.api.scopes import Client
from tests.api.conftest import errors
from tests.factories import StopFactory
from tests.nginx import nginx
from tests.web import Web

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGES = ("admin/login/", "account/login", "join/x", "texts/incoming", "nowhere")
TOO_LARGE = [
    ("too_large", None, "The body may have at most 5,000,000 bytes. Split it into several calls.")
]


@pytest.fixture
def secret(customer: Customer) -> str:
    return ApiKey.issue(customer.business, Client.POS, "Till")[1]


def post(url: str, body: Any, secret: str = "", content_type: str = "application/json") -> Any:
    """Call over a new connection: the server closes one with a body that it did not read."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": content_type}
    with requests.Session() as http:
        http.trust_env = False
        return http.post(url, body, headers=headers, timeout=30)


def padded(body: Any, size: int) -> bytes:
    """Return the body as JSON of this size. White space counts, and means nothing."""
    return json.dumps(body).encode().ljust(size)


def test_the_api_takes_five_megabytes_and_refuses_more_in_its_form(
    web: Web, secret: str, customer: Customer
) -> None:
    stop = StopFactory.create(customer=customer)
    bodies = {
        "orders": {"customer": str(customer.uuid)},
        "stops/reports": {"reports": [{"stop": str(stop.uuid), "outcome": "missed"}]},
    }

    for path, body in bodies.items():
        url = f"{web.url}/api/v1/{path}"
        for size in (2_700_000, MAX_BODY_BYTES):
            assert post(url, padded(body, size), secret).status_code in {200, 201}
        for size in (MAX_BODY_BYTES + 1, 3 * MAX_BODY_BYTES):
            refused = post(url, padded(body, size), secret)
            assert (refused.status_code, errors(refused)) == (413, TOO_LARGE)
    assert Order.objects.count() == 2


def test_another_content_type_is_refused_in_the_form_of_the_api(web: Web, secret: str) -> None:
    for content_type in ("multipart/form-data; boundary=x", "text/plain", ""):
        for size, status in ((1_500_000, 415), (MAX_BODY_BYTES + 1, 413)):
            response = post(f"{web.url}/api/v1/orders", b"x" * size, secret, content_type)
            assert (response.status_code, len(errors(response))) == (status, 1)


def test_a_body_without_a_length_is_refused(web: Web, secret: str) -> None:
    response = post(f"{web.url}/api/v1/orders", iter([b"{", b" " * 6_000_000]), secret)

    assert (response.status_code, errors(response)[0].code) == (411, "length_required")


def test_a_declared_length_is_refused_before_the_body_is_read(web: Web) -> None:
    """Also without a key, and at a path that does not exist."""
    address = urlsplit(web.url)
    for path in ("/api/v1/orders", "/api/moon", "/admin/login/"):
        with socket.create_connection((address.hostname, address.port), timeout=10) as client:
            client.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                "Content-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n{".encode()
            )
            assert client.recv(12) == b"HTTP/1.1 413"


def test_pages_take_a_little_and_refuse_more_with_a_page(web: Web) -> None:
    for content_type in ("application/x-www-form-urlencoded", "text/plain"):
        for path in PAGES:
            assert_too_long(post(f"{web.url}/{path}", b"x" * 1_000_001, "", content_type))


def assert_too_long(response: Any) -> None:
    assert response.status_code == 413
    assert response.headers["Content-Type"].startswith("text/html")
    assert "This is too long" in response.text
    assert "Traceback" not in response.text


def test_the_proxy_refuses_in_the_same_forms(web: Web, secret: str, tmp_path: Path) -> None:
    with nginx(web.url, tmp_path) as url:
        largest = post(f"{url}/api/v1/orders", b" " * MAX_BODY_BYTES, secret)
        assert (largest.status_code, errors(largest)[0].code) == (400, "parse_error")
        for size in (MAX_BODY_BYTES + 1, 8_000_000, 9_000_000):
            refused = post(f"{url}/api/v1/orders", b"x" * size, secret)
            assert (refused.status_code, errors(refused)) == (413, TOO_LARGE)
        for size in (1_000_001, 3_000_000):
            assert_too_long(post(f"{url}/admin/login/", b"x" * size))
        web.kill()
        away = post(f"{url}/api/v1/orders", b"{}", secret)
        assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
        assert errors(away)[0].code == "unavailable"
        page = post(f"{url}/admin/login/", b"")
        assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html")
