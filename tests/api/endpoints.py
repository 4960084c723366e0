"""Endpoints from the URLs of the API, and example bodies and queries from its schema."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

ROOT = "/api/v1/"
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
SAFE = frozenset({"get", "head", "options"})
UNKNOWN_PATHS = "nowhere"
"""The path of the endpoint that matches all unknown paths."""

VALUES: Mapping[str, Any] = {
    "at": None,
    "country": "US",
    "given_at": "2026-11-25T12:00:00Z",
    "email": "new@example.com",
    "phone": "(415) 555-0177",
    "write_key": "abcdefghijklmnopqrstuvwxyz012345",
}
"""Valid values that do not follow from the schema, by field name."""
DEFAULTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "boolean": lambda _: True,
    "date": lambda _: f"{timezone.now() + timedelta(days=2):%Y-%m-%d}",
    "decimal": lambda _: "1.00",
    "integer": lambda schema: max(1, schema.get("minimum", 1)),
    "string": lambda _: "x",
}
OwnId = Callable[[str, str], str]
"""Return the id of an own row, given a path and the name of a field."""


@dataclass(frozen=True)
class Endpoint:
    """A path such as orders/{uuid}/items, its view and its allowed methods."""

    path: str
    view: Any
    allowed: frozenset[str]

    @property
    def names(self) -> list[str]:
        """The names of the ids in the path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def area(self) -> str | None:
        area: str | None = getattr(self.view, "area", None)
        return area

    def scope(self, method: str) -> set[str]:
        """The scope that a key needs; empty if every key may call."""
        return {f"{self.area}:{'read' if method in SAFE else 'write'}"} if self.area else set()


def endpoints(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[Endpoint]:
    for pattern in patterns:
        path = before + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from endpoints(pattern.url_patterns, path)
        else:
            yield Endpoint(
                path or UNKNOWN_PATHS,
                getattr(pattern.callback, "cls", pattern.callback),
                _allowed(pattern.callback),
            )


def _allowed(callback: Any) -> frozenset[str]:
    view = getattr(callback, "cls", callback)
    bound = set(
        getattr(callback, "actions", None)
        or (method for method in METHODS if hasattr(view, method))
    )
    allowed = bound & set(getattr(view, "http_method_names", METHODS))
    return frozenset(allowed | ({"head"} if "get" in allowed else set()) | {"options"})


@cache
def _schema(urlconf: Any) -> Mapping[str, Any]:
    generator: Any = SchemaGenerator
    schema: Mapping[str, Any] = generator(urlconf=urlconf).get_schema(request=None, public=True)
    return schema


class Examples:
    """Example requests from the OpenAPI schema."""

    def __init__(self, urlconf: Any) -> None:
        self.schema = _schema(urlconf)

    def _operation(self, endpoint: Endpoint, method: str) -> Mapping[str, Any]:
        """Return the operation, or {} if the schema leaves it out."""
        operation: Mapping[str, Any] = (
            self.schema["paths"].get(ROOT + endpoint.path, {}).get(method, {})
        )
        return operation

    def queries(self, endpoint: Endpoint) -> Iterator[tuple[str, bool]]:
        """Yield each filter and whether it takes an id."""
        for parameter in self._operation(endpoint, "get").get("parameters", ()):
            if parameter["in"] == "query":
                yield parameter["name"], parameter["schema"].get("format") == "uuid"

    def body(self, endpoint: Endpoint, method: str, own_id: OwnId) -> Any:
        """Return a body with all fields, or a CSV file as text."""
        content = self._operation(endpoint, method).get("requestBody", {}).get("content", {})
        if "text/csv" in content:
            return "external_id,first_name\n1,Ann\n"
        return (
            self._example(content["application/json"]["schema"], endpoint.path, "", own_id)
            if content
            else {}
        )

    def _example(self, schema: Mapping[str, Any], path: str, name: str, own_id: OwnId) -> Any:
        if name in VALUES:
            return VALUES[name]
        if schemas := schema.get("allOf") or schema.get("oneOf"):
            return self._example(schemas[0], path, name, own_id)
        if "$ref" in schema:
            return self._example(
                self.schema["components"]["schemas"][schema["$ref"].rpartition("/")[2]],
                path,
                name,
                own_id,
            )
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "object":
            parts = schema.get("properties", {}).items()
            return {
                part: self._example(part_schema, path, part, own_id)
                for part, part_schema in parts
                if not part_schema.get("readOnly")
            }
        if schema.get("type") == "array":
            return [self._example(schema["items"], path, name, own_id)]
        return (
            own_id(path, name)
            if schema.get("format") == "uuid"
            else DEFAULTS.get(schema.get("format") or schema["type"], DEFAULTS["string"])(schema)
        )


def paths_to(body: Any, ids: set[str], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each place in the body that has one of the ids."""
    if isinstance(body, str) and body in ids:
        yield path
    parts: Iterable[tuple[Any, Any]] = (
        body.items()
        if isinstance(body, dict)
        else enumerate(body)
        if isinstance(body, list)
        else ()
    )
    for name, part in parts:
        yield from paths_to(part, ids, (*path, name))


@dataclass(frozen=True)
class Call:
    endpoint: Endpoint
    method: str
    ids: Mapping[str, Any]
    body: Any = None
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint.path}{self.query}"

    def with_id(self, name: str, value: Any) -> "Call":
        return Call(self.endpoint, self.method, {**self.ids, name: value}, self.body)

    def with_filter(self, name: str, value: Any) -> "Call":
        return Call(self.endpoint, self.method, self.ids, query=f"?{name}={value}")

    def with_reference(self, path: tuple[Any, ...], value: Any) -> "Call":
        """Return the call with another value at this path of the body."""
        body = deepcopy(self.body)
        inner = body
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = str(value)
        return Call(self.endpoint, self.method, self.ids, body)
