"""The catalogue by the API: a JSON Schema per event and one of the traits, which what is really sent keeps to."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from events.catalogue import EVENT_NAMES, EVENTS
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db

GOLDEN = sorted((Path(__file__).resolve().parents[1] / "golden").glob("*.json"))


@pytest.fixture
def schemas(pos: Caller) -> dict[str, Any]:
    """By the event's name, and of identify."""
    found = {event["name"]: event["properties"] for event in pos.get("event-types").json()}
    return found | {"identify": pos.get("trait-types").json()["traits"]}


def told(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return (
        (message["event"], message["properties"])
        if message["type"] == "track"
        else ("identify", message["traits"])
    )


def test_every_event_is_listed_as_owners_know_it(pos: Caller) -> None:
    listed = [(event["name"], event["happens_when"]) for event in pos.get("event-types").json()]
    assert listed == [(event.name, event.happens_when) for event in EVENTS]


def test_every_schema_is_one(schemas: dict[str, Any]) -> None:
    assert set(schemas) == {*EVENT_NAMES, "identify"}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_message_as_sent_keeps_to_its_schema_and_nothing_else_does(
    path: Path, schemas: dict[str, Any]
) -> None:
    name, content = told(json.loads(path.read_text()))
    validator: Any = Draft202012Validator(schemas[name])

    validator.validate(content)
    for wrong in (
        *(
            {key: value for key, value in content.items() if key != left_out}
            for left_out in content
        ),
        content | {"more": 1},
    ):
        with pytest.raises(ValidationError):
            validator.validate(wrong)
