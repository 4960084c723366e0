"""The text itself: what the business wrote, filled in, and how to get no more."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from customers.texts.languages import Language

PLACEHOLDER_PATTERN: Final = re.compile(r"\{(\w*)\}")
PLACEHOLDERS: Final = ("name", "day", "business")


def unknown_placeholders(wording: str) -> list[str]:
    return [name for name in PLACEHOLDER_PATTERN.findall(wording) if name not in PLACEHOLDERS]


def nightly_text(language: Language, wording: str, *, name: str, day: date, business: str) -> str:
    """The business's own `wording`, or the language's; what a name holds is never read as a placeholder."""
    said = fill_in(
        wording.strip() or language.wording,
        {"name": name or language.nameless, "day": language.in_words(day), "business": business},
    )
    return f"{said} {language.opt_out}"


def fill_in(wording: str, values: Mapping[str, str]) -> str:
    """In one pass, and without `str.format`, which would look into objects for whoever may write a wording."""
    return PLACEHOLDER_PATTERN.sub(lambda found: values.get(found[1], found[0]), wording)
