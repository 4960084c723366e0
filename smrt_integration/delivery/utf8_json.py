"""JSON as we post it: in UTF-8, so that a letter of any script has its real size. Pure.

Python's default, which the SDK uses, writes é, 洗 and emoji as escapes of 6 or 12 bytes. Segment
counts the bytes that it gets.
"""

import json
from typing import Any


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def size_in_bytes(text: str) -> int:
    """Return the size of the text in UTF-8. Raises ValueError if it has half a character."""
    return len(text) if text.isascii() else len(text.encode())


def json_size(value: Any) -> int:
    return size_in_bytes(to_json(value))
