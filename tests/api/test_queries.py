"""The query of every call: unknown, repeated and empty names and wrong limits are named."""

from typing import Any

import pytest
from django.utils import timezone
from time_machine import TimeMachineFixture

import smrt_integration.urls
from customers.models import Customer
from smrt_integration.api.error_body import MAX_ERRORS
from tests.admin.sample_business import SampleBusiness
from tests.api.conftest import Caller, errors, fields
from tests.api.endpoints import METHODS, UNKNOWN_PATHS, Call
from tests.api.tenancy_checks import OPEN, TenancyChecks, tables
from tests.factories import AgentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def checks(settings: Any, time_machine: TimeMachineFixture) -> TenancyChecks:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    time_machine.move_to(timezone.now(), tick=False)
    return TenancyChecks(
        SampleBusiness("Quokka"), SampleBusiness("Zebrafinch"), smrt_integration.urls
    )


def test_an_unknown_name_is_refused_by_every_call(checks: TenancyChecks) -> None:
    before, called = tables(), 0
    for call in checks.calls(METHODS, leaving_out={*OPEN, UNKNOWN_PATHS}):
        for query in ("moon", "format"):
            asked = Call(call.endpoint, call.method, call.ids, call.body, f"?{query}=json")
            response = checks.send(asked, checks.full_key)
            assert response.status_code == 400, str(asked)
            if call.method != "head":
                assert [(e.code, e.field) for e in errors(response)] == [("unknown_filter", query)]
            called += 1
    assert tables() == before
    assert called > 100


LIMITS = ["abc", "-1", "0", "1e3", "1_0", "201", "1000", "9" * 5_000, "+1", " 1", "1.0", "٣", "0x1"]


def test_a_wrong_limit_is_refused_by_every_list(checks: TenancyChecks) -> None:
    lists = [
        call
        for call in checks.calls(("get",), leaving_out={*OPEN, UNKNOWN_PATHS})
        if "limit" in dict(checks.examples.queries(call.endpoint))
    ]
    assert len(lists) == 14
    for call in lists:
        for limit in LIMITS:
            response = checks.send(call.with_filter("limit", limit), checks.full_key)
            assert [(e.code, e.field) for e in errors(response)] == [("invalid", "limit")], limit
        for limit in ("1", "200", "007"):
            response = checks.send(call.with_filter("limit", limit), checks.full_key)
            assert response.status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("limit=", "invalid", "limit"),
        ("cursor=", "blank", "cursor"),
        ("status=", "blank", "status"),
        ("customer=", "blank", "customer"),
        ("limit=1&limit=2", "repeated", "limit"),
        ("limit=1&limit=1", "repeated", "limit"),
        ("cursor=a&cursor=b", "repeated", "cursor"),
        ("status=open&status=ready", "repeated", "status"),
        ("custmer=1&custmer=2", "unknown_filter", "custmer"),
    ],
)
def test_an_empty_or_repeated_name_is_refused(
    pos: Caller, customer: Customer, query: str, code: str, field: str
) -> None:
    assert [(e.code, e.field) for e in errors(pos.get(f"orders?{query}"))] == [(code, field)]


def test_a_limit_of_a_list_is_followed(pos: Caller, customer: Customer) -> None:
    AgentFactory.create_batch(3, business=customer.business)

    assert [len(pos.get("agents", limit=n).json()["results"]) for n in (1, 2, 200)] == [1, 2, 3]


def test_a_few_of_many_names_are_told(pos: Caller) -> None:
    response = pos.get("orders?" + "&".join(f"name{n}={n}" for n in range(900)))

    assert len(errors(response)) == MAX_ERRORS
    assert errors(response)[-1].message.endswith("And 890 more errors.")


def test_a_query_with_too_many_names_is_an_error_of_the_api(pos: Caller) -> None:
    response = pos.get("orders?" + "&".join(f"name{n}={n}" for n in range(2_000)))

    assert (response.status_code, fields(response)) == (400, [None])
