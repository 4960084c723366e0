"""What the API is called with: endpoints as its addresses have them, bodies and queries as its schema says."""

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
NOWHERE = "nowhere"
"""The path of an endpoint that stands for whatever no other one does."""

VALUES: Mapping[str, Any] = {
    "at": None,
    "country": "US",
    "email": "new@example.com",
    "phone": "(415) 555-0177",
    "write_key": "abcdefghijklmnopqrstuvwxyz012345",
}
"""What the schema does not tell: a value that is taken, by the name of its field."""
PLAIN: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "boolean": lambda _: True,
    "date": lambda _: f"{timezone.now() + timedelta(days=2):%Y-%m-%d}",
    "decimal": lambda _: "1.00",
    "integer": lambda shape: max(1, shape.get("minimum", 1)),
    "string": lambda _: "x",
}
Own = Callable[[str, str], str]
"""From a path and the name of a field to the id of a row of one's own."""


@dataclass(frozen=True)
class Endpoint:
    """`path` as in orders/{uuid}/items; `allowed` are the methods that it answers."""

    path: str
    view: Any
    allowed: frozenset[str]

    @property
    def names(self) -> list[str]:
        """Of the ids in its path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def area(self) -> str | None:
        found: str | None = getattr(self.view, "area", None)
        return found

    def scope(self, method: str) -> set[str]:
        """What a key needs; nothing where every key will do."""
        return {f"{self.area}:{'read' if method in SAFE else 'write'}"} if self.area else set()


def endpoints(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[Endpoint]:
    for pattern in patterns:
        path = before + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from endpoints(pattern.url_patterns, path)
        else:
            yield Endpoint(
                path or NOWHERE,
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
    found: Mapping[str, Any] = generator(urlconf=urlconf).get_schema(request=None, public=True)
    return found


class Shapes:
    def __init__(self, urlconf: Any) -> None:
        self.schema = _schema(urlconf)

    def _operation(self, endpoint: Endpoint, method: str) -> Mapping[str, Any]:
        """Empty for what the schema leaves out."""
        found: Mapping[str, Any] = (
            self.schema["paths"].get(ROOT + endpoint.path, {}).get(method, {})
        )
        return found

    def queries(self, endpoint: Endpoint) -> Iterator[tuple[str, bool]]:
        """What a list can be narrowed by, and whether that is an id."""
        for parameter in self._operation(endpoint, "get").get("parameters", ()):
            if parameter["in"] == "query":
                yield parameter["name"], parameter["schema"].get("format") == "uuid"

    def body(self, endpoint: Endpoint, method: str, own: Own) -> Any:
        """With everything in it that may be given."""
        content = self._operation(endpoint, method).get("requestBody", {}).get("content", {})
        return (
            self._example(content["application/json"]["schema"], endpoint.path, "", own)
            if content
            else {}
        )

    def _example(self, shape: Mapping[str, Any], path: str, name: str, own: Own) -> Any:
        if name in VALUES:
            return VALUES[name]
        if several := shape.get("allOf") or shape.get("oneOf"):
            return self._example(several[0], path, name, own)
        if "$ref" in shape:
            return self._example(
                self.schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]],
                path,
                name,
                own,
            )
        if "enum" in shape:
            return shape["enum"][0]
        if shape.get("type") == "object":
            parts = shape.get("properties", {}).items()
            return {
                part: self._example(it, path, part, own)
                for part, it in parts
                if not it.get("readOnly")
            }
        if shape.get("type") == "array":
            return [self._example(shape["items"], path, name, own)]
        return (
            own(path, name)
            if shape.get("format") == "uuid"
            else PLAIN.get(shape.get("format") or shape["type"], PLAIN["string"])(shape)
        )


def places(body: Any, ids: set[str], way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to where in a body one of the ids stands."""
    if isinstance(body, str) and body in ids:
        yield way
    parts: Iterable[tuple[Any, Any]] = (
        body.items()
        if isinstance(body, dict)
        else enumerate(body)
        if isinstance(body, list)
        else ()
    )
    for name, part in parts:
        yield from places(part, ids, (*way, name))


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

    def narrowed(self, name: str, value: Any) -> "Call":
        return Call(self.endpoint, self.method, self.ids, query=f"?{name}={value}")

    def referring(self, way: tuple[Any, ...], value: Any) -> "Call":
        """With another value at that place of the body."""
        body = deepcopy(self.body)
        inner = body
        for name in way[:-1]:
            inner = inner[name]
        inner[way[-1]] = str(value)
        return Call(self.endpoint, self.method, self.ids, body)
