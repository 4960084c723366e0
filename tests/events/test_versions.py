"""A property that changes its type or meaning gets another version of its event.

`tests/schema/events.json` has the properties of each event as last released.
`SCHEMAS_WRITE=1 make test ARGS=tests/events/test_versions.py` writes it, at a release.
"""

import json
import os
from typing import Any

import pytest

from events import catalogue
from events.schemas import OPTIONAL_PROPERTIES, event_schema
from tests.segment import PROJECT

FILE = PROJECT / "tests" / "schema" / "events.json"


def present() -> dict[str, dict[str, Any]]:
    return {
        event.name: {
            "version": event.version,
            "properties": {
                name: schema
                for name, schema in event_schema(event)["properties"].items()
                if name not in OPTIONAL_PROPERTIES
            },
        }
        for event in catalogue.EVENTS
    }


if os.environ.get("SCHEMAS_WRITE") == "1":
    FILE.write_text(json.dumps(present(), indent=2) + "\n")
RELEASED: dict[str, dict[str, Any]] = json.loads(FILE.read_text())


@pytest.mark.parametrize("name", RELEASED)
def test_changed_properties_have_a_higher_version(name: str) -> None:
    released, now = RELEASED[name], present()[name]
    if now["properties"] == released["properties"]:
        assert now["version"] == released["version"]
    else:
        assert now["version"] > released["version"]


def test_the_schema_names_the_version() -> None:
    (event,) = [event for event in catalogue.EVENTS if event.name == "Order Ready"]
    assert event_schema(event)["$comment"] == "Version 1 of this event's properties."
