"""The log masks what names customers: the queries of searches, and the rows in errors."""

import json
import logging

import pytest
import structlog
from cryptography.fernet import Fernet
from django.db import DatabaseError, connection
from requests import Session
from structlog.testing import capture_logs

from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from smrt_integration.logs import configure, hide_queries, hide_row_details
from tests.factories import BusinessFactory
from tests.web import Web
from tests.workers import wait_until

SECRET_KEY = "made up for this test, and long enough to be a secret of an installation"
# Parts of the searches below, plain and percent-encoded.
PERSONAL_DATA = ["ann@", "ann%40", "example.com", "5550100", "Ann", "Brien"]
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
    """The web server at log level INFO, with gunicorn's access log."""

    def __init__(self, debug: str) -> None:
        environment = {
            "SECRET_KEY": SECRET_KEY,
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "INFO",
        }
        super().__init__(environment | {"DEBUG": debug, "GUNICORN_CMD_ARGS": "--access-logfile=-"})

    def _is_ready(self) -> bool:
        """Ask the API: without DEBUG and collected files, every page fails."""
        with Session() as http:
            http.trust_env = False
            try:
                return bool(http.get(f"{self.url}/api/v1/events", timeout=10).status_code)
            except OSError:
                return False


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("debug", ["1", ""])
def test_the_web_server_logs_no_search(debug: str) -> None:
    _, key = ApiKey.issue(BusinessFactory.create(), Client.POS, "The till")
    web = WebWithAccessLog(debug)
    try:
        with Session() as http:
            http.trust_env = False
            referer = {"Referer": f"{web.url}/admin/customers/customer/?q=Ann"}
            for search in SEARCHES:
                http.get(
                    web.url + search,
                    headers={"Authorization": f"Bearer {key}"} | referer,
                    allow_redirects=False,
                    timeout=10,
                )
            refused = http.get(f"{web.url}/api/v1/events", headers={"Host": "evil"}, timeout=10)
            http.get(f"{web.url}/last", timeout=10)
        wait_until(
            lambda: "GET /last HTTP/1.1" in web.printed, "the access log shows the last request"
        )
    finally:
        web.kill()

    printed = web.printed
    assert refused.status_code == 400
    assert debug or [*refused.json()] == ["errors"], "with DEBUG, Django explains it on a page"
    assert printed.count("Invalid HTTP_HOST header") == printed.count("request_refused") == 1
    assert "Traceback" not in printed
    for expected in (
        "request_started",
        "request_finished",
        "Not Found: ",
        "GET /api/v1/customers?***",
        "/admin/customers/customer/?***",
    ):
        assert expected in printed
    assert [
        line for line in printed.splitlines() if any(part in line for part in PERSONAL_DATA)
    ] == []


def as_json(event: str) -> str:
    """Return the line that is logged for an event of gunicorn."""
    config = configure("INFO", readable=False)["formatters"]["structured"]
    formatter = structlog.stdlib.ProcessorFormatter(
        **{name: value for name, value in config.items() if name != "()"}
    )
    return formatter.format(
        logging.LogRecord("gunicorn.access", logging.INFO, "", 0, event, None, None)
    )


def test_every_logger_uses_the_present_processors_however_often_they_are_configured() -> None:
    """Otherwise a logger that was used before would go on past `capture_logs`."""
    before, after = structlog.get_logger("before"), structlog.get_logger("after")
    before.warning("first_line")
    configure("WARNING", readable=False)
    after.warning("first_line")
    with capture_logs() as logged:
        before.warning("second_line")
        after.warning("second_line")
        structlog.get_logger("new").warning("second_line")

    assert [line["event"] for line in logged] == ["second_line"] * 3


@pytest.mark.parametrize("search", SEARCHES)
def test_a_masked_line_is_still_json(search: str) -> None:
    for event in (
        f'127.0.0.1 "GET {search} HTTP/1.1" 200',
        f"Error handling request {search}",
        f'"{search}"\nwas refused',
    ):
        line = as_json(event)
        assert json.loads(line)["level"] == "info"
        assert [part for part in PERSONAL_DATA if part in line] == []


@pytest.mark.parametrize(
    "line", ["GET /account/orders", "Really? Yes/no?", "How are you?fine", "and/or? 5"]
)
def test_text_that_is_no_query_is_not_masked(line: str) -> None:
    assert hide_queries(None, "info", line) == line


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO refused VALUES (3, 'Quiet Lane', NULL)",
        "INSERT INTO refused VALUES (2, 'Quiet Lane', 'Ann')",
        "INSERT INTO refused VALUES (2, '', 'Quiet Lane')",
        "INSERT INTO refused (number) VALUES ('Quiet \"Lane\"')",
        "SELECT 'Quiet Lane'::date",
        "SELECT '{Quiet Lane'::int[]",
        "SELECT '{Quiet Lane'::json",
        "SELECT 'Quiet Lane' FROM nowhere",
    ],
)
def test_an_error_of_the_database_is_logged_without_values_wherever_it_is_in_the_line(
    statement: str,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE refused ("
            " number int, street text UNIQUE CHECK (street <> ''), name text NOT NULL"
            ") ON COMMIT DROP; INSERT INTO refused VALUES (1, 'Quiet Lane', 'Ann')"
        )
        with pytest.raises(DatabaseError) as raised:
            cursor.execute(statement)
    error = raised.value

    line = {"event": f"raised {error!r}", "error": error, "reason": str(error)}
    nested = {"exceptions": [str(error.__cause__)], "by": {"name": repr(error)}}
    logged = str(hide_row_details(None, "error", line | nested))

    assert "Quiet" in str(line)
    assert "Quiet" not in logged
    assert logged.count(str(error)[:10]) == 5
