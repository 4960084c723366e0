"""The one form of all errors, whatever made them, and the list of their codes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Http

from customers.models import Customer, Order, PickupRequest, RegularPickupRequest, Stop
from smrt_integration.api.error_body import MAX_ERRORS, WHOLE, MoreErrors, errors_in
from smrt_integration.api.error_codes import ERROR_CODES
from smrt_integration.api.fields import StrictSerializer
from smrt_integration.api.resources.reference import ReferenceSerializer
from tests.api.conftest import Caller, errors

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = (PROJECT / "docs/connecting-a-pos.md").read_text()


def test_the_documentation_lists_all_codes_with_their_statuses() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d, ]+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert rows == [
        (code, ", ".join(map(str, about.statuses)), about.meaning)
        for code, about in ERROR_CODES.items()
    ]


def test_errors_are_found_at_any_depth() -> None:
    detail: Any = {
        "name": ["This field is required."],
        "items": [{}, {"price": ["A valid number is required."]}, {WHOLE: ["Expected an object."]}],
        "ids": {3: ["Must be a valid UUID."]},
        WHOLE: ["Give a name."],
    }

    assert [(error["field"], error["message"]) for error in errors_in(detail)] == [
        ("name", "This field is required."),
        ("items[1].price", "A valid number is required."),
        ("items[2]", "Expected an object."),
        ("ids[3]", "Must be a valid UUID."),
        (None, "Give a name."),
    ]


def test_the_last_of_many_errors_says_how_many_more_there_are() -> None:
    detail: Any = {str(n): ["Wrong."] for n in range(MAX_ERRORS + 1)} | {MoreErrors(1_000): []}

    told = errors_in(detail)

    assert len(told) == MAX_ERRORS
    assert {error["message"] for error in told[:-1]} == {"Wrong."}
    assert told[-1]["message"] == "Wrong. And 1,001 more errors."


def test_the_parts_of_a_report_s_refusal_are_cut_and_can_be_written() -> None:
    (error,) = errors_in({"x" * 100_000 + "\ud800": [f"{'y' * 100_000} is wrong."]})

    assert len(str(error)) < 1_500
    assert "\\ud800" in errors_in({"\ud800": ["Wrong."]})[0]["field"]  # type: ignore[operator]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code", "field"),
    [
        ("post", "orders", "{", {}, 400, "parse_error", None),
        ("post", "orders", "7", {}, 400, "invalid", None),
        ("post", "orders", '{"\\ud800": 1}', {}, 400, "unknown_field", "\\ud800"),
        ("post", "orders", '{"detail": 1}', {}, 400, "unknown_field", "detail"),
        ("get", "orders?custmer=x", None, {}, 400, "unknown_filter", "custmer"),
        ("get", "orders?status=moon", None, {}, 400, "invalid_choice", "status"),
        ("get", "orders", None, {"Authorization": ""}, 401, "not_authenticated", None),
        ("get", "orders", None, {"Authorization": "Bearer x"}, 401, "authentication_failed", None),
        ("get", "moons", None, {}, 404, "not_found", None),
        ("get", "/api/v2/orders", None, {}, 404, "not_found", None),
        ("post", "/api/v1", "{}", {}, 404, "not_found", None),
        ("get", "/api/", None, {}, 404, "not_found", None),
        ("get", "/api", None, {}, 404, "not_found", None),
        ("get", "/api/v2/orders", None, {"Authorization": ""}, 401, "not_authenticated", None),
        ("put", "orders", "{}", {}, 405, "method_not_allowed", None),
        ("get", "orders", None, {"Accept": "text/html"}, 406, "not_acceptable", None),
        ("get", "schema", None, {"Accept": "image/png"}, 406, "not_acceptable", None),
        ("put", "docs", "", {}, 405, "method_not_allowed", None),
        ("post", "orders", "{}", {"Transfer-Encoding": "chunked"}, 411, "length_required", None),
        ("post", "orders", "{}", {"Idempotency-Key": "x" * 256}, 400, "invalid", "Idempotency-Key"),
    ],
)
def test_every_error_has_the_form(
    pos: Caller,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    status: int,
    code: str,
    field: str | None,
) -> None:
    http = Http(headers={"Authorization": f"Bearer {pos.secret}", **headers})
    options: Any = {} if body is None else {"data": body, "content_type": "application/json"}

    response = getattr(http, method)(path if path[0] == "/" else f"/api/v1/{path}", **options)

    assert response.status_code == status
    assert [(error.code, error.field) for error in errors(response)] == [(code, field)]


@pytest.mark.django_db
def test_the_fields_of_a_record_in_a_list_are_named_from_the_body_on(
    pos: Caller, customer: Customer
) -> None:
    item = {"description": "Shirt", "price": "4.50"}
    body = {"customer": str(customer.uuid), "items": [item, item, item | {"price": "x"}]}

    assert [(error.code, error.field) for error in errors(pos.post("orders", body))] == [
        ("invalid", "items[2].price")
    ]


MAKERS = {"ActionRefused", "Conflict", "ErrorDetail", "ParseError", "ValidationError"}
"""What is called with a message and a code."""
STATES = (Order.Status, Stop.Status, PickupRequest.Status, RegularPickupRequest.Status)
FIRST_STATES = {"open", "pending"}
FORMS = {"number_forms.py", "time_forms.py", "filters.py"}
"""Modules whose errors are Django's, for forms."""
NEVER_RETURNED = {"make_aware", "naive_time"}
"""About times without an offset, which DateTimeWithOffsetField refuses before."""


def codes_in_code() -> set[str]:
    """Return the codes that our modules give to refusals and errors."""
    codes: set[str] = set()
    for package in ("customers", "smrt_integration/api"):
        files = sorted((PROJECT / package).rglob("*.py"))
        for file in (file for file in files if file.name not in FORMS):
            for call in ast.walk(ast.parse(file.read_text())):
                if not isinstance(call, ast.Call) or len(call.args) < 2:
                    continue
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                code = call.args[1]
                is_code = not isinstance(call.args[0], ast.Starred)
                if name in MAKERS and is_code and isinstance(code, ast.Constant):
                    codes.add(str(code.value))
    return codes


def strict_serializers(base: type[StrictSerializer]) -> Iterator[type[StrictSerializer]]:
    for serializer in base.__subclasses__():
        yield serializer
        yield from strict_serializers(serializer)


def codes_of_fields(field: Any) -> Iterator[str]:
    """Yield the codes that DRF gives to the errors of a field and of what is in it."""
    yield from field.error_messages
    for validator in field.validators:
        if code := getattr(validator, "code", None):
            yield code
    for part in (*getattr(field, "fields", {}).values(), getattr(field, "child", None)):
        if part is not None and not part.read_only:
            yield from codes_of_fields(part)


def test_every_code_is_in_the_list() -> None:
    refusals = {f"{state}_already" for states in STATES for state in states.values}
    refusals -= {f"{state}_already" for state in FIRST_STATES}
    of_fields = {
        code
        for serializer in strict_serializers(StrictSerializer)
        if serializer.__module__.startswith("smrt_integration.api.resources")
        and serializer is not ReferenceSerializer
        for code in codes_of_fields(serializer())
    }

    assert (codes_in_code() | refusals | of_fields) - ERROR_CODES.keys() == NEVER_RETURNED
