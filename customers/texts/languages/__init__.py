"""The languages that texts are written in and replies are understood in. Pure.

A new language is a module beside these and an entry in LANGUAGES. No other module names a language,
except that English is always understood.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from customers.texts.languages.english import ENGLISH
from customers.texts.languages.french import FRENCH
from customers.texts.languages.german import GERMAN
from customers.texts.languages.language import AutoReply, Language, ReplyMeaning, ReplyPhrases
from customers.texts.languages.spanish import SPANISH

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "AutoReply",
    "Language",
    "ReplyMeaning",
    "ReplyPhrases",
]

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH}
)
