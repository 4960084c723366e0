"""JSON Schemas of what is sent: of each event's properties and of the traits.

They are derived from the TypedDicts of the event definitions and of the traits.
"""

import types
import typing
from collections.abc import Mapping
from typing import Any, Final, is_typeddict

from customers.traits import Traits
from events.backfilled import BACKFILLED
from events.definitions.definition import EventDefinition, properties_type

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
JSON_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}

OPTIONAL_PROPERTIES: Final[Mapping[str, Any]] = {BACKFILLED: {"type": "boolean"}}
"""What the properties of any event may have besides their own."""


def event_schema(event: type[EventDefinition]) -> dict[str, Any]:
    """Return the schema of the event's `properties`."""
    return {
        "$schema": DIALECT,
        "title": event.name,
        "description": event.sent_when,
        "$comment": f"Version {event.version} of this event's properties.",
    } | _with_optional(schema_of(properties_type(event)))


def _with_optional(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "properties": schema["properties"] | OPTIONAL_PROPERTIES}


def traits_schema() -> dict[str, Any]:
    """Return the schema of an identify's `traits`."""
    return {
        "$schema": DIALECT,
        "title": "Traits",
        "description": "What identify says about a customer.",
    } | schema_of(Traits)


def schema_of(annotation: Any) -> dict[str, Any]:
    """Return the schema of a TypedDict, a list, a union or a plain type.

    Raises TypeError for anything else, which no message may hold.
    """
    if annotation in JSON_TYPES:
        return {"type": JSON_TYPES[annotation]}
    if is_typeddict(annotation):
        hints = typing.get_type_hints(annotation)
        properties = {name: schema_of(hint) for name, hint in hints.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": sorted(properties),
            "additionalProperties": False,
        }
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [schema_of(part) for part in parts]}
    if origin is list:
        return {"type": "array", "items": schema_of(parts[0])}
    if origin is typing.Literal:
        return {"enum": list(parts)}
    raise TypeError(f"A message cannot hold {annotation}.")
