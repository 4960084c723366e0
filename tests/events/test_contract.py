"""`tests/events/contract.py` notices every way of breaking the contract.

Tried on the golden messages.
"""

from copy import deepcopy
from typing import Any

import pytest

from events.schemas import OPTIONAL_PROPERTIES
from tests.events import golden
from tests.events.contract import ENVELOPE, EVENTS, RESERVED, TRAITS, depth, violations

MESSAGES = {name: message | {"messageId": "0" * 32} for name, message in golden.committed().items()}
each_message = pytest.mark.parametrize("name", MESSAGES)


def content_of(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    content = "traits" if message["type"] == "identify" else "properties"
    return content, message[content]


@each_message
def test_the_golden_message_keeps_the_contract(name: str) -> None:
    assert violations(MESSAGES[name]) == []


@each_message
def test_a_missing_property_is_noticed(name: str) -> None:
    content, body = content_of(MESSAGES[name])
    assert body
    for missing in body.keys() - OPTIONAL_PROPERTIES.keys():
        message = deepcopy(MESSAGES[name])
        del message[content][missing]
        assert violations(message) == [f"{content} lacks {missing}"]


@each_message
def test_a_property_of_another_type_is_noticed(name: str) -> None:
    content, body = content_of(MESSAGES[name])
    for wrong in body:
        message = deepcopy(MESSAGES[name])
        message[content][wrong] = {"neither": "nor"}
        (violation,) = violations(message)
        assert violation.startswith(f"{content}.{wrong} is {{'neither': 'nor'}}, not ")


@each_message
def test_a_property_that_the_contract_does_not_name_is_noticed(name: str) -> None:
    content, _ = content_of(MESSAGES[name])
    message = deepcopy(MESSAGES[name])
    message[content]["Agent"] = "Market Street"
    assert violations(message) == [f"{content} has Agent, which is not in the contract"]


@each_message
def test_a_missing_part_of_the_envelope_is_noticed(name: str) -> None:
    for missing in ENVELOPE:
        message = {part: value for part, value in MESSAGES[name].items() if part != missing}
        assert f"message lacks {missing}" in violations(message)


def test_an_event_that_is_not_in_the_contract_is_noticed() -> None:
    first, *_ = violations(MESSAGES["order-created"] | {"event": "Order created"})
    assert first.startswith("message.event is 'Order created', not 'Pickup Completed' or ")


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("identify", ("userId",), "ann@example.com"),
        ("identify", ("userId",), "17"),
        ("identify", ("messageId",), "3f1b7c52-5f0e-4d0a-9c39-6a1f0e8d2b71"),
        ("identify", ("timestamp",), "2025-03-04T17:30:15+00:00"),
        ("identify", ("timestamp",), "2025-03-04T09:30:15.123-08:00"),
        ("identify", ("context", "ip"), "203.0.113.9"),
        ("identify", ("context", "active"), True),
        ("identify", ("traits", "isMobile"), 1),
        ("identify", ("traits", "demographic"), 6),
        ("identify", ("traits", "demographic"), True),
        ("identify", ("traits", "paymentTerm"), "autopay"),
        ("identify", ("traits", "deliveryPreference"), "will call"),
        ("identify", ("traits", "email"), ""),
        ("identify", ("traits", "birthday"), "05/04"),
        ("identify", ("traits", "address", "zip"), "94110"),
        ("identify", ("traits", "customFields", 0, "id"), 3),
        ("identify", ("traits", "phoneE164"), "(415) 555 0112"),
        ("order-created", ("properties", "value"), "43.67"),
        ("order-created-with-discount", ("properties", "discount", "value"), "10"),
        ("pickup-completed", ("properties", "had_pickup"), 1),
        ("pickup-completed", ("properties", "total_deliveries"), 3.0),
        ("pickup-scheduled", ("properties", "scheduled_by"), "employee"),
        ("customer-canceled-pickup", ("properties", "canceled_via"), "Employee"),
        ("customer-birthday", ("properties", "birthday"), "1988-03-04"),
    ],
)
def test_a_value_that_the_contract_does_not_allow_is_noticed(
    name: str, path: tuple[Any, ...], value: object
) -> None:
    message = deepcopy(MESSAGES[name])
    container: Any = message
    for step in path[:-1]:
        container = container[step]
    container[path[-1]] = value
    assert len(violations(message)) == 1


def test_no_reserved_name_is_in_use() -> None:
    names = {name for fields in (*EVENTS.values(), TRAITS) for name in fields}
    assert names & RESERVED == set()
    assert [name for name in names if name.startswith("$")] == []


@pytest.mark.parametrize("reserved", sorted(RESERVED | {"$email"}))
def test_a_reserved_name_is_noticed(reserved: str) -> None:
    message = deepcopy(MESSAGES["order-created"])
    message["properties"][reserved] = "x"
    assert f"properties.{reserved} is a name that Mixpanel keeps for itself" in violations(message)


def test_properties_nested_too_deep_are_noticed() -> None:
    assert {
        name: depth(content_of(message)[1])
        for name, message in MESSAGES.items()
        if depth(content_of(message)[1]) > 2
    } == {"identify": 3}
    message = deepcopy(MESSAGES["identify"])
    message["traits"]["customFields"][0]["value"] = ["a"]
    assert "traits is nested deeper than 3" in violations(message)
