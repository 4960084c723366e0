"""The largest bodies with the most errors: short answers, soon."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Http

from customers.models import Customer
from smrt_integration.api.error_body import MAX_ERRORS
from smrt_integration.api.parsers import MAX_BODY_BYTES
from tests.api.conftest import Caller, errors, told_errors
from tests.factories import StopFactory

pytestmark = pytest.mark.django_db

SECONDS = 3.0
"""Of computing, so that other work on the machine does not count. Each takes a few tenths, and took
up to 36 s before."""
NAMES = {f"name{n}": 1 for n in range(170_000)}
UNKNOWN = {
    "a body": ("orders", NAMES),
    "an object in a body": ("customers", {"address": NAMES}),
    "an object in a list": ("orders", {"items": [{}, NAMES]}),
}
OTHERS = {
    "500 items, each with many": ("orders", {"items": [{f"n{n}": 1 for n in range(300)}] * 500}),
    "too many items": ("orders", {"items": [1] * 1_000_000}),
    "too many custom fields": ("customers", {"custom_fields": [{}] * 500_000}),
    "too many deliveries": ("stops/{}/complete", {"delivered_orders": ["x"] * 100_000}),
    "too many reports": ("stops/reports", {"reports": [1] * 1_000_000}),
    "too many ids": ("orders/{}/return", {"items": ["x"] * 500_000}),
    "a list for a choice": ("send-log-entries/send-again", {"outcome": ["x"] * 500_000}),
    "a long name": ("orders", {"x" * 4_000_000: 1}),
    "a long choice": ("customers", {"kind": "x" * 4_000_000}),
    "a long number": ("orders", {"bags": "9" * 4_000_000}),
    "a long id": ("orders", {"customer": "x" * 4_000_000}),
    "a long phone": ("customers", {"phone": "9" * 4_000_000}),
    "a list": ("orders", [[]] * 1_000_000),
    "a text": ("orders", "x" * 4_000_000),
}


def post(caller: Caller, path: str, body: Any) -> Any:
    """Return the response to a compact body. Fails if it takes long."""
    text = json.dumps(body, separators=(",", ":"))
    assert len(text) <= MAX_BODY_BYTES
    http = Http(headers={"Authorization": f"Bearer {caller.secret}"})
    began = time.thread_time()
    response = http.post(f"/api/v1/{path}", text, content_type="application/json")
    assert time.thread_time() - began < SECONDS
    return response


@pytest.mark.parametrize("case", UNKNOWN)
def test_ten_of_170_000_unknown_names_are_told(pos: Caller, case: str) -> None:
    path, body = UNKNOWN[case]

    response = post(pos, path, body)

    told = errors(response)
    assert response.status_code == 400
    assert len(told) == MAX_ERRORS
    assert {error.code for error in told} <= {"unknown_field", "required"}
    assert told[-1].message.endswith(" more errors.")
    assert 169_980 < int(told[-1].message.split()[-3].replace(",", "")) < 170_010
    assert len(response.content) < 5_000


@pytest.mark.parametrize("case", OTHERS)
def test_a_few_of_many_errors_are_told_in_short(pos: Caller, customer: Customer, case: str) -> None:
    path, body = OTHERS[case]
    order = pos.post("orders", {"customer": str(customer.uuid)}).json()
    row = order["id"] if "orders" in path else StopFactory.create(customer=customer).uuid

    response = post(pos, path.format(row), body)

    assert response.status_code == 400
    assert 1 <= len(errors(response)) <= MAX_ERRORS
    assert len(response.content) < 5_000


def test_each_of_many_reports_tells_a_few_errors(app: Caller) -> None:
    reports: list[dict[str, Any]] = [
        {"stop": str(uuid4())} | {f"n{n}": 1 for n in range(1_500)} for _ in range(199)
    ]
    reports.append(
        {"stop": str(uuid4()), "outcome": "completed", "delivered_orders": ["x"] * 100_000}
    )

    response = post(app, "stops/reports", {"reports": reports})

    answers = [told_errors(answer["errors"]) for answer in response.json()["answers"]]
    assert [len(answer) for answer in answers] == [MAX_ERRORS] * 199 + [1]
    assert answers[0][-1].message.endswith("And 1,490 more errors.")
    assert len(response.content) < 500_000


def test_too_many_muted_events_are_refused(pos: Caller, customer: Customer) -> None:
    office = Caller(customer.business, scopes=["integration:write"])

    response = office.patch("integration", {"muted": ["x"] * 100_000})

    assert [(error.code, error.field) for error in errors(response)] == [("max_length", "muted")]
