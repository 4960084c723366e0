"""The words of a text: the business's wording, filled in, and how to opt out. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from customers.texts.languages import Language

PLACEHOLDER_PATTERN: Final = re.compile(r"\{(\w*)\}")
PLACEHOLDERS: Final = ("name", "day", "business")
"""What a business may use in its own wording, in braces."""


def unknown_placeholders(wording: str) -> list[str]:
    return [name for name in PLACEHOLDER_PATTERN.findall(wording) if name not in PLACEHOLDERS]


def nightly_text(
    language: Language, wording: str, *, name: str, day: date, business: str, country: str = "US"
) -> str:
    """Return the text: the business's own `wording`, or the language's, and how to opt out."""
    values = {
        "name": name or language.nameless,
        "day": language.day_text(day, country),
        "business": business,
    }
    sentence = fill_in(wording.strip() or language.wording, values)
    return f"{sentence} {language.opt_out}"


def fill_in(wording: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders in one pass, so braces in a customer's name stay as they are.

    `str.format` would let a wording read attributes of the values.
    """
    return PLACEHOLDER_PATTERN.sub(lambda match: values.get(match[1], match[0]), wording)
