"""What a reply to a text means. Pure.

The whole reply has to match, as it decides about a pickup: "No problem, see you!" is no "No".
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from customers.texts.languages import ENGLISH, LANGUAGES, ReplyMeaning

APOSTROPHE: Final = re.compile("['\u2019\u02bc]")
NOT_PART_OF_A_WORD: Final = re.compile(r"[^\w\s]|_")
"""Punctuation, quotes and emoji end a word, as in "No,thanks". An apostrophe does not."""


def simplify(text: str) -> str:
    """Return small letters, single spaces, no punctuation: `" No!! "` becomes `"no"`."""
    small = APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(NOT_PART_OF_A_WORD.sub(" ", small).split())


@dataclass(frozen=True)
class ReplyWords:
    """The words that one business's customers use in replies, simplified, with their meanings."""

    meanings: Mapping[str, ReplyMeaning]

    @classmethod
    def of(cls, languages: Iterable[str], own: Mapping[ReplyMeaning, Iterable[str]]) -> Self:
        """Combine the words of `languages` and of English with the business's `own`.

        English is always included: everyone knows STOP. The business's own words win.
        """
        understood = [ENGLISH, *(LANGUAGES[code] for code in languages)]
        # Opting out wins over "No" where two languages have the same words.
        by_language = {
            simplify(word): meaning
            for meaning in (ReplyMeaning.NO, ReplyMeaning.OPT_IN, ReplyMeaning.OPT_OUT)
            for language in understood
            for word in language.words[meaning]
        }
        own_words = {simplify(word): meaning for meaning, words in own.items() for word in words}
        own_words.pop("", None)
        return cls(by_language | own_words)

    def meaning(self, reply: str) -> ReplyMeaning:
        return self.meanings.get(simplify(reply), ReplyMeaning.OTHER)

    def named_index(self, reply: str, names: Sequence[str]) -> int | None:
        """Return the index of the name that follows a "No", as in "No Ann".

        Returns None without a "No", without a name, or when several have that name.
        """
        words = simplify(reply).split()
        for length in range(len(words) - 1, 0, -1):
            if self.meanings.get(" ".join(words[:length])) is ReplyMeaning.NO:
                rest = " ".join(words[length:])
                matches = [index for index, name in enumerate(names) if simplify(name) == rest]
                return matches[0] if len(matches) == 1 else None
        return None
