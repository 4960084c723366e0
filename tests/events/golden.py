"""Golden messages: `tests/golden/<name>.json`, each one message as posted.

After a change of the contract, `GOLDEN_WRITE=1 make test ARGS=tests/events/test_golden.py` writes
them again. Read the difference before you commit it. Nothing else writes them.
"""

import json
import os
from collections.abc import Mapping
from difflib import unified_diff
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "golden"

# These replace the values that differ from run to run. Each value is checked first.
MESSAGE_ID = "<32 hex digits, the same on every attempt>"
LINE_ITEM_ID = "<the line item's own id>"
SDK_VERSION = "<the installed one's>"


def path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def committed() -> dict[str, dict[str, Any]]:
    """Return all golden messages by name."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


def slug(event: str) -> str:
    """Return what the names of an event's golden messages start with."""
    return event.lower().replace(" ", "-")


def with_placeholders(
    message: Mapping[str, Any], line_item_id: int | None = None
) -> dict[str, Any]:
    """Return the message with placeholders for what differs from run to run."""
    library = message["context"]["library"]
    assert library["version"] == version("segment-analytics-python")
    stable = {
        **message,
        "messageId": MESSAGE_ID,
        "context": message["context"] | {"library": library | {"version": SDK_VERSION}},
    }
    if line_item_id is not None:
        assert message["properties"]["line_item_id"] == str(line_item_id)
        stable["properties"] = message["properties"] | {"line_item_id": LINE_ITEM_ID}
    return stable


def is_writing() -> bool:
    return os.environ.get("GOLDEN_WRITE") == "1"


def write(name: str, message: Mapping[str, Any]) -> None:
    path(name).write_text(json.dumps(message, indent=2, ensure_ascii=False) + "\n")


def check(name: str, message: Mapping[str, Any]) -> None:
    """Assert that the message is the golden one."""
    difference = compare(name, message)
    assert not difference, f"{name} has changed:\n{difference}"


def compare(name: str, message: Mapping[str, Any]) -> str:
    """Return the difference as `git diff` shows it, or "" when there is none.

    The order of keys does not count.
    """
    golden = sorted_text(json.loads(path(name).read_text())) if path(name).exists() else ""
    lines = unified_diff(
        golden.splitlines(),
        sorted_text(message).splitlines(),
        f"golden/{name}.json",
        "posted",
        lineterm="",
    )
    return "\n".join(lines)


def sorted_text(message: Mapping[str, Any]) -> str:
    """Return the message as text: 1, 1.0 and true are equal in Python, but not as text."""
    return json.dumps(message, indent=2, sort_keys=True, ensure_ascii=False)
