"""Who is searched for stands in the query of an address, and in no line of the log."""

import json
import logging

import pytest
import structlog
from cryptography.fernet import Fernet
from requests import Session

from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from smrt_integration.logs import configure, without_queries
from tests.factories import BusinessFactory
from tests.web import Web
from tests.workers import wait_until

SECRET = "made up for this test, and long enough to be a secret of an installation"
# as it is searched for, and as it stands in an address
PERSON = ["ann@", "ann%40", "example.com", "5550100", "Ann", "Brien"]
SEARCHES = [
    "/api/v1/customers?email=ann@example.com&phone=%2B14155550100&name=Ann",
    "/api/v1/customers?search=O'Brien",
    "/api/v1/customers/?email=ann%40example.com",
    "/api/v1/customers%3Femail=ann@example.com",
    "/api/v1/orders?cursor=cD1Bbm4",
    "/admin/customers/customer/?q=Ann",
    "/nowhere?q=Ann",
    '/nowhere?name="Ann"&email=ann@example.com',
]


class WebWithAccessLog(Web):
    def __init__(self, debug: str) -> None:
        said = {
            "SECRET_KEY": SECRET,
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "INFO",
        }
        super().__init__(said | {"DEBUG": debug, "GUNICORN_CMD_ARGS": "--access-logfile=-"})

    def _answers(self) -> bool:
        """Without DEBUG and the collected files, pages fail: one more thing to log."""
        with Session() as http:
            http.trust_env = False
            try:
                return bool(http.get(f"{self.url}/api/v1/events", timeout=10).status_code)
            except OSError:
                return False


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("debug", ["1", ""])
def test_the_web_server_tells_of_no_search(debug: str) -> None:
    _, key = ApiKey.issue(BusinessFactory.create(), Client.POS, "The till")
    web = WebWithAccessLog(debug)
    try:
        with Session() as http:
            http.trust_env = False
            came_from = {"Referer": f"{web.url}/admin/customers/customer/?q=Ann"}
            for search in SEARCHES:
                http.get(
                    web.url + search,
                    headers={"Authorization": f"Bearer {key}"} | came_from,
                    allow_redirects=False,
                    timeout=10,
                )
            http.get(f"{web.url}/last", timeout=10)
        wait_until(lambda: "GET /last HTTP/1.1" in web.printed, "its access log told of the last")
    finally:
        web.kill()

    printed = web.printed
    for expected in (
        "request_started",
        "request_finished",
        "Not Found: ",
        "GET /api/v1/customers?***",
        "/admin/customers/customer/?***",
    ):
        assert expected in printed
    assert [line for line in printed.splitlines() if any(part in line for part in PERSON)] == []


def as_json(event: str) -> str:
    given = configure("INFO", readable=False)["formatters"]["structured"]
    formatter = structlog.stdlib.ProcessorFormatter(
        **{name: value for name, value in given.items() if name != "()"}
    )
    return formatter.format(
        logging.LogRecord("gunicorn.access", logging.INFO, "", 0, event, None, None)
    )


@pytest.mark.parametrize("search", SEARCHES)
def test_a_line_stays_json(search: str) -> None:
    for event in (
        f'127.0.0.1 "GET {search} HTTP/1.1" 200',
        f"Error handling request {search}",
        f'"{search}"\nwas refused',
    ):
        line = as_json(event)
        assert json.loads(line)["level"] == "info"
        assert [part for part in PERSON if part in line] == []


@pytest.mark.parametrize(
    "line", ["GET /account/orders", "Really? Yes/no?", "How are you?fine", "and/or? 5"]
)
def test_what_is_no_query_stays_readable(line: str) -> None:
    assert without_queries(None, "info", line) == line
