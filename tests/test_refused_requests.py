"""A request that Django itself refuses is one line at INFO, and an answer in the right form."""

import logging
from typing import Any

import pytest
from django.test import Client
from structlog.testing import capture_logs

from customers.models import Business
from tests.api.conftest import Caller, business, errors, integration, pos

__all__ = ["business", "integration", "pos"]

pytestmark = pytest.mark.django_db


def lines(logged: list[Any]) -> list[tuple[str, str, str]]:
    return [
        (line["log_level"], line["event"], line["error"])
        for line in logged
        if line["event"] not in {"request_started", "request_finished"}
    ]


@pytest.mark.parametrize("host", ["evil.example.com", "evil example", "a" * 300, "[::1", "é.com"])
def test_a_wrong_host(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logged, caplog.at_level(logging.DEBUG):
        page = Client().get("/admin/", headers={"Host": host})
        call = Client().get("/api/v1/customers", headers={"Host": host})

    assert (page.status_code, call.status_code) == (400, 400)
    assert page.headers["Content-Type"].startswith("text/")
    assert [error.code for error in errors(call)] == ["bad_request"]
    assert lines(logged) == [("info", "request_refused", "DisallowedHost")] * 2
    assert all(len(line["problem"]) <= 200 for line in logged if "problem" in line)
    assert_quiet(caplog)


def test_too_large_a_body(pos: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logged, caplog.at_level(logging.DEBUG):
        response = pos.post("customers", {"first_name": "a" * 5_000_001})
    assert response.status_code == 413
    assert [error.code for error in errors(response)] == ["too_large"]
    assert {line["log_level"] for line in logged} == {"info"}
    assert_quiet(caplog)


def test_too_many_fields_in_a_form(business: Business, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logged, caplog.at_level(logging.DEBUG):
        response = Client().post(
            f"/join/{business.uuid.hex}", {f"field{number}": "x" for number in range(2_000)}
        )
    assert response.status_code == 400
    assert lines(logged) == [("info", "request_refused", "TooManyFieldsSent")]
    assert_quiet(caplog)


def assert_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Assert that no other line is above INFO or has a traceback."""
    loud = [
        record
        for record in caplog.records
        # pytest listens there, too; the programs' only handler of it is ours.
        if not record.name.startswith("django.security.")
        and (record.levelno > logging.INFO or record.exc_info)
    ]
    assert loud == []
