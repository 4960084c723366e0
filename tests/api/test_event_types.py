"""The JSON Schemas of events and traits in the API, and that real messages conform to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from events.catalogue import EVENT_NAMES, EVENTS
from events.schemas import OPTIONAL_PROPERTIES
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db

GOLDEN = sorted((Path(__file__).resolve().parents[1] / "golden").glob("*.json"))


@pytest.fixture
def schemas(pos: Caller) -> dict[str, Any]:
    """The JSON Schemas by event name, and identify's."""
    events = {event["name"]: event["properties"] for event in pos.get("event-types").json()}
    return events | {"identify": pos.get("trait-types").json()["traits"]}


def content_of(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return (
        (message["event"], message["properties"])
        if message["type"] == "track"
        else ("identify", message["traits"])
    )


def test_every_event_is_listed_with_its_sentence_for_owners(pos: Caller) -> None:
    listed = [(event["name"], event["happens_when"]) for event in pos.get("event-types").json()]
    assert listed == [(event.name, event.sent_when) for event in EVENTS]


def test_every_schema_is_a_valid_json_schema(schemas: dict[str, Any]) -> None:
    assert set(schemas) == {*EVENT_NAMES, "identify"}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_only_a_message_as_sent_conforms_to_its_schema(path: Path, schemas: dict[str, Any]) -> None:
    name, content = content_of(json.loads(path.read_text()))
    validator: Any = Draft202012Validator(schemas[name])

    validator.validate(content)
    for invalid in (
        *(
            {key: value for key, value in content.items() if key != missing}
            for missing in content.keys() - OPTIONAL_PROPERTIES.keys()
        ),
        content | {"more": 1},
    ):
        with pytest.raises(ValidationError):
            validator.validate(invalid)
