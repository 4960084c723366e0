"""Hooks of Schemathesis: every other request gets something that no schema describes.

Half a surrogate in a text, in a choice or in a name; a wrong limit; a deeply nested value.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import count, cycle
from typing import Any

import schemathesis

HALF = "half \ud800"
LIMITS = ("abc", "-1", "0", "201", "1_0", "\u0661", "1e1", "", "9" * 30, "\0")
REFUSED = range(400, 500)
MAX_ANSWER_BYTES = 50_000
SCHEMA = "/api/v1/schema"

numbers = count()
limits = cycle(LIMITS)
odd_cases: set[str] = set()
"""The ids of the cases that were made odd."""


def places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each object or list in the body with a name or an index in it."""
    parts: Any = ()
    if isinstance(body, dict):
        parts = list(body.items())
    elif isinstance(body, list):
        parts = list(enumerate(body))
    for name, part in parts:
        yield body, name
        yield from places(part)


def nested(depth: int = 700) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    number = next(numbers)
    if number % 2:
        return
    if case.method == "GET":
        has_limit = any(parameter.name == "limit" for parameter in case.operation.query)
        if has_limit:
            case.query = {**(case.query or {}), "limit": next(limits)}
            odd_cases.add(case.id)
        return
    # In place of the case's own body: Schemathesis itself fails at half a surrogate.
    body = deepcopy(case.body)
    found = list(places(body))
    if not found:
        return
    container, name = found[number // 2 % len(found)]
    kind = number // 2 % 3
    if kind == 0:
        container[name] = HALF
    elif kind == 1:
        container[name] = nested()
    elif isinstance(container, dict):
        container[HALF] = 1
    else:
        container.append(HALF)
    kwargs["data"] = json.dumps(body)
    odd_cases.add(case.id)


@schemathesis.check
def odd_is_refused(context: Any, response: Any, case: Any) -> None:
    """Check that an odd request is refused in a short answer; a report by its own result."""
    assert len(response.content) <= MAX_ANSWER_BYTES, (
        f"The answer has {len(response.content)} bytes"
    )
    if case.id not in odd_cases:
        return
    if case.path == "/api/v1/stops/reports" and response.status_code == 200:
        assert "refused" in response.text
    else:
        assert response.status_code in REFUSED, f"An odd request got {response.status_code}"
