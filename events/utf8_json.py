"""JSON as we post it: in UTF-8, so that a letter of any script has its real size. Pure.

Python's default, which the SDK uses, writes é, 洗 and emoji as escapes of 6 or 12 bytes. Segment
counts the bytes that it gets.
"""

from typing import Any

import orjson


def to_utf8(value: Any) -> bytes:
    """Return the value as JSON. Raises TypeError for half a character, and what JSON has not."""
    return orjson.dumps(value)


def to_json(value: Any) -> str:
    return to_utf8(value).decode()


def json_size(value: Any) -> int:
    return len(to_utf8(value))
