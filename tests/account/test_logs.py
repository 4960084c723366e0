"""A link is a login, so no log line of any program contains one, not even after an error."""

import logging
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from typing import Any
from uuid import uuid4

import pytest
import structlog
from cryptography.fernet import Fernet
from django.test import Client

from customers.account import session
from customers.links import account_link
from customers.models import Customer
from devtools.services.ports import free_port
from smrt_integration.logs import configure, hide_links_in_line
from tests.account.conftest import link_to
from tests.workers import Program, wait_until

SECRET = "made up for this test, and long enough to be a secret of an installation"
FIELD_KEY = Fernet.generate_key().decode()


class RecordingHandler(logging.Handler):
    """Record what the console would show, at any level, as JSON and readable."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._formatters = [
            structlog.stdlib.ProcessorFormatter(
                **{name: value for name, value in options.items() if name != "()"}
            )
            for options in (
                configure("DEBUG", readable)["formatters"]["structured"]
                for readable in (True, False)
            )
        ]

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [formatter.format(record) for formatter in self._formatters]


@pytest.fixture
def recorded() -> Iterator[RecordingHandler]:
    handler = RecordingHandler()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def secret_parts(link: str) -> list[str]:
    token = link.rpartition("/")[2]
    return [token, token.rpartition(".")[2], token[-25:]]


@pytest.mark.django_db
def test_no_log_line_contains_a_link(
    customer: Customer, recorded: RecordingHandler, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    link, token = link_to(customer), link_to(customer).rpartition("/")[2]
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)

    assert browser.get(link).status_code == 302
    assert browser.head(link).status_code == 302
    assert browser.post(link).status_code == 403
    assert browser.get(link, HTTP_HOST="elsewhere.example.com").status_code == 400
    assert Client().post(link).status_code == 405
    assert browser.get(link + "%20x").status_code == 404
    assert browser.get(f"/account/{token[:10]}%20{token[10:]}").status_code == 302
    for gap in ("%0A", "%20", "%0D%0A", "%09", "%22", "%27", "%5C"):
        # This leaves the end of the signature on its own.
        browser.get(f"/account/{token[:-25]}{gap}{token[-25:]}")
        browser.post(f"/account/{token[:-25]}{gap}{token[-25:]}")
        browser.get(f"/account/%20{token[:-25]}{gap}{token[-25:]}")
        browser.post(f"/elsewhere/{token[:-25]}{gap}{token[-25:]}")
    assert browser.get(f"//account/{token}").status_code == 404
    assert browser.get(f"/elsewhere/{token}").status_code == 404
    assert browser.get(f"/admin/?next={link}").status_code == 302
    assert browser.get(f"/account/details/{token}").status_code == 404

    def broken(claim: object) -> None:
        raise RuntimeError(f"cannot open {link}")

    monkeypatch.setattr(session, "customer_of_claim", broken)
    assert browser.get(link).status_code == 500

    text = "\n".join(recorded.lines)
    for expected in (
        "request_finished",
        "Not Found: ",
        "Forbidden (",
        "Method Not Allowed",
        "request_failed",
        "Traceback",
        "Invalid HTTP_HOST",
    ):
        assert expected in text
    assert "/account/***" in text
    for everything in (text, *capfd.readouterr()):
        assert [part for part in secret_parts(link) if part in everything] == []


@pytest.mark.django_db
def test_the_debug_error_page_contains_no_link(
    customer: Customer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That page shows the address and every variable, and developers share it."""
    link = link_to(customer)

    def broken(claim: object) -> None:
        raise RuntimeError(f"cannot open {link}")

    monkeypatch.setattr(session, "customer_of_claim", broken)
    settings.DEBUG = True
    for accepted in ("text/html", "text/plain"):
        response = Client(raise_request_exception=False).get(link, headers={"Accept": accepted})
        report = response.content.decode()
        assert (response.status_code, "cannot open /account/***" in report) == (500, True)
        assert [part for part in secret_parts(link) if part in report] == []


@pytest.mark.parametrize(
    ("line", "logged"),
    [
        ("GET /account/", "GET /account/"),
        ("GET /account/details", "GET /account/details"),
        ("GET /account/orders", "GET /account/orders"),
        (
            "GET /account/pickups/3f1b7c52-5f0e-4d0a-9c39-6a1f0e8d2b71/cancel",
            "GET /account/pickups/3f1b7c52-5f0e-4d0a-9c39-6a1f0e8d2b71/cancel",
        ),
        ("a message 1.25.3 from 10.0.0.1", "a message 1.25.3 from 10.0.0.1"),
    ],
)
def test_clean_addresses_stay_readable(line: str, logged: str) -> None:
    assert hide_links_in_line(None, "info", line) == logged


def test_a_link_is_hidden_in_any_surrounding_text() -> None:
    link = account_link(uuid4(), 12)
    for line in (
        link,
        f'{{"traits": {{"link": "{link}"}}}}',
        f"<{link}>",
        link.replace("/account/", "/account%2F"),
        link.upper(),
        f"('{link}',)",
    ):
        assert [
            part
            for part in secret_parts(link)
            if part.lower() in hide_links_in_line(None, "info", line).lower()
        ] == []


def test_only_the_handler_that_hides_links_writes_logs() -> None:
    """Django's own handlers, for the console and for emails, would write links as they are."""
    for name in (
        "django",
        "django.request",
        "django.security.csrf",
        "django.server",
        "gunicorn.access",
        "gunicorn.error",
    ):
        logger = logging.getLogger(name)
        assert (logger.handlers, logger.propagate) == ([], True)


class Web(Program):
    module = ("gunicorn", "smrt_integration.wsgi")

    def __init__(self, port: int, environment: Mapping[str, str]) -> None:
        super().__init__(
            ["--bind", f"127.0.0.1:{port}", "--access-logfile", "-", "--workers", "1"], environment
        )
        self.port = port

    def is_answering(self) -> bool:
        assert self.process.poll() is None, self.printed
        try:
            return bool(self.status("GET", "/account/"))
        except OSError:
            return False

    def status(self, method: str, path: str) -> int:
        web = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            web.request(method, path)
            return web.getresponse().status
        finally:
            web.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("debug", ["1", ""])
def test_the_web_server_s_logs_contain_no_link(
    customer: Customer, debug: str, settings: pytest.FixtureRequest
) -> None:
    # Without DEBUG, the server refuses the default key.
    settings.SECRET_KEY = SECRET  # type: ignore[attr-defined]
    link, port = link_to(customer), free_port()
    options = {
        "DEBUG": debug,
        "LOG_LEVEL": "INFO",
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    web = Web(port, options | {"SECRET_KEY": SECRET, "FIELD_KEYS": FIELD_KEY})
    try:
        wait_until(web.is_answering, "the web server answers")
        assert web.status("GET", link) == 302
        # Without DEBUG and the collected files, the pages fail, and that is logged too.
        assert web.status("GET", link + "x") in {404, 500}
        assert web.status("POST", link) in {403, 500}
        wait_until(
            lambda: web.printed.count("POST /account/***") >= 2,
            "the access log has the last request",
        )
    finally:
        web.kill()
    assert [part for part in secret_parts(link) if part in web.printed] == []
