"""Text that no database or message can hold, in every field of every call.

Half a surrogate cannot be encoded as UTF-8, PostgreSQL stores no zero byte, and programs that read
XML or JSON stumble over noncharacters. Each is a 400 that names the field.
"""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Http
from django.utils import timezone

import smrt_integration.urls
from customers.models import Business, Customer, CustomFieldValue, NewLineItem, Order
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import SCOPES, Client
from tests.admin.sample_business import SampleBusiness
from tests.api.conftest import Caller
from tests.api.endpoints import SAFE, Call
from tests.api.tenancy_checks import TenancyChecks, tables
from tests.api.test_tenancy import businesses
from tests.customers.refused import refused
from tests.factories import CustomFieldFactory, StopFactory

__all__ = ["businesses"]

pytestmark = pytest.mark.django_db

ODD_TEXTS = ["\ud800", "Ann \udfff", "\udc00\ud800", "a\0b", "\ufffe", "\U0001ffff", "\ufdd0"]
ODD_IN_QUERIES = ["%00", "%EF%BF%BE", "%ED%A0%80"]

Path = tuple[Any, ...]


def paths(body: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each value in the body."""
    if path:
        yield path
    parts = body.items() if isinstance(body, dict) else ()
    for name, part in enumerate(body) if isinstance(body, list) else parts:
        yield from paths(part, (*path, name))


def with_value(body: Any, path: Path, value: Any) -> Any:
    body = deepcopy(body)
    inner = body
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return body


def with_name(body: Any, path: Path, name: str) -> Any:
    """Return the body with this name beside the one at the path."""
    return with_value(body, (*path[:-1], name), "x")


@pytest.fixture
def checks(businesses: tuple[SampleBusiness, SampleBusiness]) -> TenancyChecks:
    """Calls with a key of the website, which may call everything."""
    checks = TenancyChecks(*businesses, smrt_integration.urls)
    _, checks.full_key = ApiKey.issue(checks.own.business, Client.WEBSITE, "Website", [*SCOPES])
    ApiKey.objects.update(last_used_at=timezone.now())
    return checks


def sent(checks: TenancyChecks, call: Call) -> tuple[int, str]:
    """Return the status and the answer. What the call writes is undone."""
    with transaction.atomic():
        response = checks.send(call, checks.full_key)
        transaction.set_rollback(True)
    if call.endpoint.path == "stops/reports" and response.status_code == 200:
        (answer,) = response.json()["answers"]
        return 400 if answer["status"] == "refused" else 200, str(answer["errors"])
    return response.status_code, response.content.decode()


def check_calls(checks: TenancyChecks, texts: list[str], some: Iterable[str] = ()) -> None:
    before = tables()
    for call in checks.calls():
        if some and call.endpoint.path not in some:
            continue
        for path in paths(call.body if call.method not in SAFE else None):
            field = next(name for name in reversed(path) if isinstance(name, str))
            for text in texts:
                status, answer = sent(checks, replace(call, body=with_value(call.body, path, text)))
                is_named = status == 400 and field in answer
                checks.report(not is_named, f"{call} {path} {text!r}: {status} {answer}")
            if isinstance(path[-1], str):
                status, answer = sent(
                    checks, replace(call, body=with_name(call.body, path, f"bags{texts[0]}"))
                )
                is_named = status == 400 and "bags" in answer
                checks.report(not is_named, f"{call} beside {path}: {status} {answer}")
    assert not checks.faults, "\n".join(checks.faults[:12])
    assert tables() == before


def test_half_a_surrogate_in_any_field_is_refused(checks: TenancyChecks) -> None:
    check_calls(checks, ["Ann \ud800"])


def test_a_deeply_nested_value_in_any_field_is_refused(checks: TenancyChecks) -> None:
    """As deep as Python's JSON parser reads; a deeper body is refused as a whole."""
    deep: Any = 1
    for _ in range(800):
        deep = [deep]
    for call in checks.calls():
        for path in paths(call.body if call.method not in SAFE else None):
            status, answer = sent(checks, replace(call, body=with_value(call.body, path, deep)))
            checks.report(status != 400 or len(answer) > 2_000, f"{call} {path}: {status} {answer}")
    assert not checks.faults, "\n".join(checks.faults[:12])


@pytest.mark.parametrize("debug", [False, True])
def test_all_odd_text_is_refused_also_with_debug(
    checks: TenancyChecks, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    check_calls(checks, ODD_TEXTS, ["agents", "custom-fields", "stops/reports"])


def test_one_odd_report_does_not_refuse_the_others(app: Caller, customer: Customer) -> None:
    stops = StopFactory.create_batch(3, customer=customer)
    reports: list[dict[str, Any]] = [
        {"stop": str(stop.uuid), "outcome": "missed"} for stop in stops
    ]
    reports[0]["driver"] = "\ud800"
    reports[1]["\ud800"] = 1

    answers = app.post("stops/reports", {"reports": reports}).json()["answers"]

    assert [answer["status"] for answer in answers] == ["refused", "refused", "done"]
    assert answers[0]["errors"] == [
        {
            "code": "unstorable_text",
            "field": "driver",
            "message": "This text has U+D800 in it, which is half of a character. "
            "Remove it and try again.",
        }
    ]
    assert (answers[1]["errors"][0]["code"], answers[1]["errors"][0]["field"]) == (
        "unknown_field",
        "\\ud800",
    )


def test_odd_text_in_a_query_is_refused(checks: TenancyChecks) -> None:
    """Bytes that are not UTF-8 arrive as a replacement character, which is one."""
    for call in checks.calls(["get"]):
        for name, _ in checks.examples.queries(call.endpoint):
            for text in ODD_IN_QUERIES:
                response = checks.send(call.with_filter(name, text), checks.full_key)
                is_named = response.status_code == 400 and name in response.content.decode()
                is_text = text.startswith("%ED") and response.status_code in {200, 404}
                checks.report(not (is_named or is_text), f"{call} {name}={text}: {response}")
    assert not checks.faults, "\n".join(checks.faults)


@pytest.mark.parametrize("odd", ["%00", "%ED%A0%80", "%FF", "%EF%BF%BF"])
def test_odd_text_in_a_path_or_header_is_no_server_error(pos: Caller, odd: str) -> None:
    http = Http(headers={"Authorization": f"Bearer {pos.secret}"}, raise_request_exception=False)
    paths = ("api/v1/", "api/v1/orders/", "account/", "join/", "admin/", "admin/customers/order/")
    for path in paths:
        assert http.get(f"/{path}{odd}").status_code < 500, path
        assert http.get(f"/{path}{odd}/").status_code < 500, path
    for name in ("Authorization", "Idempotency-Key", "If-Match", "Content-Type", "Accept"):
        response = http.post("/api/v1/agents", "{}", "application/json", headers={name: "\xed\xff"})
        assert response.status_code < 500, name


def test_a_zero_byte_in_an_idempotency_key_is_refused(pos: Caller) -> None:
    response = pos.post("agents", {"name": "Store"}, Idempotency_Key="a\0b")
    assert response.status_code == 400
    assert "Idempotency-Key" in str(response.json())


class TestRecords:
    """Other doors than the API save records, too."""

    def test_a_signup(self, business: Business) -> None:
        for text in ODD_TEXTS:
            with refused(re.compile("This text has U.*"), "invalid", "first_name"):
                Customer.sign_up(business, first_name=text)

    def test_the_value_of_a_custom_field(self, customer: Customer) -> None:
        field = CustomFieldFactory.create(business=customer.business)
        with refused(re.compile("This text has U.*"), "invalid", "value"):
            CustomFieldValue.record(customer, field, "\ud800")

    def test_an_order_and_its_items(self, customer: Customer) -> None:
        with refused(re.compile("This text has U.*"), "invalid", "number"):
            Order.create(customer, number="\ud800")
        with refused(re.compile("This text has U.*"), "invalid", "description"):
            Order.create(customer, items=[NewLineItem("\ud800", Decimal(1))])

    def test_emoji_and_names_of_all_scripts_are_taken(self, business: Business) -> None:
        name = "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u05d0\u05b8 \u0e01\u0e34 \ufffd"
        assert Customer.sign_up(business, first_name=name).first_name == name
