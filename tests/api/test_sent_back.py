"""A record can be sent back as it was read, and what a client cannot set is refused.

The walks find all calls by themselves.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils import timezone as django_timezone
from time_machine import TimeMachineFixture

import smrt_integration.urls
from customers.models import Customer, CustomFieldValue, Order
from smrt_integration.api.models import ApiKey
from smrt_integration.api.resources.integration import IntegrationSerializer
from smrt_integration.api.scopes import SCOPES, Client
from tests.admin.sample_business import SampleBusiness
from tests.api.conftest import Caller, errors, told_errors
from tests.api.endpoints import Call
from tests.api.tenancy_checks import TenancyChecks, tables
from tests.factories import CustomFieldFactory, DepartmentFactory

pytestmark = pytest.mark.django_db

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
DECIMAL = re.compile(r"\d+\.\d+")
COMPUTED = IntegrationSerializer.computed
ANOTHER = timezone(timedelta(hours=5, minutes=45))


@pytest.fixture
def checks(settings: Any, time_machine: TimeMachineFixture) -> TenancyChecks:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    time_machine.move_to(django_timezone.now(), tick=False)
    own = SampleBusiness("Quokka")
    own.customer.street, own.customer.country = "1 Example Street", "US"
    own.customer.save()
    return TenancyChecks(own, SampleBusiness("Zebrafinch"), smrt_integration.urls)


def rewritten(value: Any) -> Any:
    """Return the same value in another notation."""
    if isinstance(value, dict):
        return {name: rewritten(part) for name, part in value.items()}
    if isinstance(value, list):
        return [rewritten(part) for part in value]
    if not isinstance(value, str):
        return value
    if UUID.fullmatch(value):
        return value.upper()
    if TIME.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(ANOTHER).isoformat()
    return float(value) if DECIMAL.fullmatch(value) else value


def another(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, list):
        return [*value, "x"]
    if isinstance(value, Mapping):
        return {"x": 1}
    if value and UUID.fullmatch(value):
        return "00000000-0000-4000-8000-00000000beef"
    if value and TIME.fullmatch(value):
        return (datetime.fromisoformat(value) + timedelta(seconds=1)).isoformat()
    return str(float(value) + 1) if value and DECIMAL.fullmatch(value) else "x"


def patches(checks: TenancyChecks) -> Iterator[tuple[Call, Any]]:
    """Yield each PATCH with the record as it was read."""
    for call in checks.calls(methods=("patch",)):
        get = Call(call.endpoint, "get", call.ids)
        if "get" in call.endpoint.allowed:
            yield call, checks.send(get, checks.full_key).json()
        else:
            # a part of a record, such as a line item
            path, _, _ = call.endpoint.path.rpartition("/")
            parent, _, part = path.rpartition("/")
            (whole,) = (e for e in checks.endpoints if e.path == parent)
            record = checks.send(Call(whole, "get", call.ids), checks.full_key).json()
            yield (
                call,
                next(row for row in record[part] if row["id"] in map(str, call.ids.values())),
            )


def settable(checks: TenancyChecks, call: Call) -> set[str]:
    return {*checks.examples.body(call.endpoint, call.method, checks.own_id)}


def patch(checks: TenancyChecks, call: Call, body: Any) -> Any:
    return checks.send(Call(call.endpoint, "patch", call.ids, body), checks.full_key)


def test_every_record_can_be_sent_back_as_it_was_read(checks: TenancyChecks) -> None:
    walked = []
    before = tables()
    for call, record in patches(checks):
        for body in (record, rewritten(record)):
            response = patch(checks, call, body)
            assert response.status_code == 200, (str(call), body, response.content)
            assert tables() == before, str(call)
        walked.append(call.endpoint.path)
    assert {"customers/{uuid}", "orders/{uuid}", "agents/{uuid}", "integration"} <= {*walked}
    assert not checks.faults


def test_a_value_that_cannot_be_set_is_refused_when_it_differs(checks: TenancyChecks) -> None:
    before, refused = tables(), 0
    for call, record in patches(checks):
        for name in record.keys() - settable(checks, call) - COMPUTED:
            response = patch(checks, call, record | {name: another(record[name])})
            assert response.status_code == 400, (str(call), name, response.content)
            ((code, field, message),) = errors(response)
            assert (code, field) == ("read_only", name), (str(call), message)
            refused += 1
    assert tables() == before
    assert refused > 30


def test_another_record_s_id_is_refused(checks: TenancyChecks) -> None:
    other = checks.other.customer
    for call, record in patches(checks):
        if "id" in record:
            response = patch(checks, call, record | {"id": str(other.uuid)})
            assert [(e.code, e.field) for e in errors(response)] == [("read_only", "id")]


def test_what_a_post_cannot_set_is_refused(checks: TenancyChecks) -> None:
    """Each field of the record in the response that the body does not have."""
    schemas = checks.examples.schema["components"]["schemas"]
    website = ApiKey.issue(checks.own.business, Client.WEBSITE, "Website", [*SCOPES])[1]
    ApiKey.objects.update(last_used_at=django_timezone.now())
    before, refused = tables(), set()
    for call in checks.calls(methods=("post",)):
        if isinstance(call.body, str):
            continue  # A file, whose columns are assigned.
        operation = checks.examples.schema["paths"][f"/api/v1/{call.endpoint.path}"]["post"]
        for status in ("200", "201", "202"):
            if status not in operation["responses"]:
                continue
            content = operation["responses"][status]["content"]["application/json"]["schema"]
            shown = schemas[content["$ref"].rpartition("/")[2]]["properties"].keys()
            for name in shown - settable(checks, call):
                body = (call.body or {}) | {name: "2020-01-01T00:00:00Z"}
                secret = website if "regular" in call.endpoint.path else checks.full_key
                response = checks.send(Call(call.endpoint, "post", call.ids, body), secret)
                if response.status_code == 403:
                    continue
                assert response.status_code == 400, (str(call), name, response.content)
                ((code, field, _),) = errors(response)
                assert (field, code in {"read_only", "unknown_field"}) == (name, True)
                if status == "201":
                    assert code == "read_only", (str(call), name)
                refused.add((call.endpoint.path, name))
    assert tables() == before
    assert {("customers", name) for name in ("created_at", "source", "last_visit", "id")} <= refused
    assert {("agents", "id"), ("orders", "total"), ("pickup-requests", "status")} <= refused


def test_the_refusal_says_who_sets_the_field(pos: Caller) -> None:
    body = {"first_name": "Ann", "created_at": "2020-01-01T00:00:00Z", "source": "POS"}

    assert errors(pos.post("customers", body)) == [
        (
            "read_only",
            "created_at",
            (
                "The server sets this when the record is created. An import takes it for earlier "
                "customers. Leave it out."
            ),
        ),
        (
            "read_only",
            "source",
            (
                "The client of your key decides this. An import takes it for earlier customers. "
                "Leave it out."
            ),
        ),
    ]
    assert not Customer.objects.exists()


def test_a_finished_order_and_its_items_can_be_sent_back(pos: Caller, customer: Customer) -> None:
    department = DepartmentFactory.create(business=customer.business)
    item = {"description": "Shirt", "price": "4.50", "department": str(department.uuid)}
    order = pos.post("orders", {"customer": str(customer.uuid), "items": [item, item]}).json()
    order = pos.post(f"orders/{order['id']}/return").json()
    path = f"orders/{order['id']}"

    assert pos.patch(path, order).json() == order
    assert pos.patch(path, rewritten(order)).json() == order
    for item in order["items"]:
        assert pos.patch(f"{path}/items/{item['id']}", rewritten(item)).json() == order
    assert [error.code for error in errors(pos.patch(path, order | {"bags": 2}))] == [
        "returned_already"
    ]
    assert Order.objects.get().status == Order.Status.RETURNED


def test_one_change_in_a_whole_record_is_made(pos: Caller, customer: Customer) -> None:
    record = pos.get(f"customers/{customer.uuid}").json()

    changed = pos.patch(f"customers/{customer.uuid}", rewritten(record) | {"first_name": "Zoe"})

    assert changed.json() == record | {"first_name": "Zoe"}


def test_the_name_of_a_custom_field_in_a_customer_cannot_be_changed(
    pos: Caller, customer: Customer
) -> None:
    field = CustomFieldFactory.create(business=customer.business, name="Pets")
    CustomFieldValue.record(customer, field, "A parrot")
    path = f"customers/{customer.uuid}"
    (value,) = pos.get(path).json()["custom_fields"]

    response = pos.patch(path, {"custom_fields": [value | {"value": "A cat", "name": "Dogs"}]})
    assert [(e.code, e.field) for e in errors(response)] == [("read_only", "custom_fields[0].name")]
    changed = pos.patch(path, {"custom_fields": [value | {"value": "A cat"}]}).json()
    assert changed["custom_fields"] == [value | {"value": "A cat"}]


def test_a_field_that_is_listed_twice_is_refused(pos: Caller, customer: Customer) -> None:
    field = CustomFieldFactory.create(business=customer.business)
    twice = [{"field": str(field.uuid), "value": value} for value in ("A", "B")]

    response = pos.patch(f"customers/{customer.uuid}", {"custom_fields": twice})

    assert [(e.code, e.field) for e in errors(response)] == [
        ("listed_twice", "custom_fields[1].field")
    ]


def test_fields_of_an_item_in_a_new_order_that_cannot_be_set_are_refused(
    pos: Caller, customer: Customer
) -> None:
    item = {"description": "Shirt", "price": "4.50", "returned_at": None}

    response = pos.post("orders", {"customer": str(customer.uuid), "items": [item]})

    assert [(e.code, e.field) for e in errors(response)] == [("read_only", "items[0].returned_at")]


def test_a_call_without_fields_refuses_a_body(checks: TenancyChecks) -> None:
    for call in checks.calls(methods=("post",)):
        if call.body == {}:
            response = checks.send(
                Call(call.endpoint, "post", call.ids, {"reason": "rain"}), checks.full_key
            )
            assert response.status_code in {400, 403}, str(call)
            if response.status_code == 400:
                assert told_errors(response.json()["errors"])[0][:2] == ("unknown_field", "reason")
