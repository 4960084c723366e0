"""Text that cannot be kept or sent: half of a character, zero bytes and noncharacters. Pure.

Half a surrogate has no UTF-8, so that PostgreSQL, Segment and even an error message fail at it.
PostgreSQL stores no zero byte. Noncharacters are no text, and programs that read XML fail at them.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

Name = TypeVar("Name", str, int)

NONCHARACTERS: Final = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
UNSTORABLE: Final = re.compile(f"[\0\ud800-\udfff\ufdd0-\ufdef{NONCHARACTERS}]")


def problem(text: str) -> str:
    """Return why the text cannot be stored, as a sentence with the remedy; otherwise ""."""
    found = UNSTORABLE.search(text)
    if found is None:
        return ""
    code = ord(found[0])
    kind = "half of a character" if 0xD800 <= code <= 0xDFFF else "not a character"
    return f"This text has U+{code:04X} in it, which is {kind}. Remove it and try again."


def problems(values: Mapping[Name, object]) -> dict[Name, str]:
    """Return the sentence for each value that is a text and cannot be stored."""
    return {
        name: reason
        for name, value in values.items()
        if isinstance(value, str) and (reason := problem(value))
    }
