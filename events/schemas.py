"""JSON Schemas of what leaves: of each event's properties and of the traits, from the types that the payload functions promise."""

import types
import typing
from collections.abc import Mapping
from typing import Any, Final, is_typeddict

from customers.traits import Traits
from events import catalogue

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
PLAIN: Final[Mapping[type, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def of_event(event: catalogue.Event) -> dict[str, Any]:
    """The schema of the event's `properties`."""
    return {"$schema": DIALECT, "title": event.name, "description": event.happens_when} | of_type(
        typing.get_type_hints(event.properties)["return"]
    )


def of_traits() -> dict[str, Any]:
    """The schema of an identify's `traits`."""
    return {
        "$schema": DIALECT,
        "title": "Traits",
        "description": "What identify says of a customer.",
    } | of_type(Traits)


def of_type(kind: Any) -> dict[str, Any]:
    """Of a TypedDict, a list, a union or a plain type. Raises TypeError for anything else, which has no place in a message."""
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if is_typeddict(kind):
        hints = typing.get_type_hints(kind)
        properties = {name: of_type(hint) for name, hint in hints.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": sorted(properties),
            "additionalProperties": False,
        }
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [of_type(part) for part in parts]}
    if origin is list:
        return {"type": "array", "items": of_type(parts[0])}
    if origin is typing.Literal:
        return {"enum": list(parts)}
    raise TypeError(f"{kind} has no place in a message")
