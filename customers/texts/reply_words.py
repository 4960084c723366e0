"""What the answer to a text means. It decides about a pickup, so it is the whole answer that counts: "No problem, see you!" is no "No"."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from customers.texts.languages import ENGLISH, LANGUAGES, ReplyMeaning

APOSTROPHE: Final = re.compile("['\u2019\u02bc]")
NOT_PART_OF_A_WORD: Final = re.compile(r"[^\w\s]|_")
"""Punctuation, quotes, emoji: they end a word, as in "No,thanks"; an apostrophe does not."""


def simplify(said: str) -> str:
    """Small letters, single spaces, no punctuation: `" No!! "` and `"no"` are the same."""
    return " ".join(
        NOT_PART_OF_A_WORD.sub(
            " ", APOSTROPHE.sub("", unicodedata.normalize("NFKC", said).casefold())
        ).split()
    )


@dataclass(frozen=True)
class ReplyWords:
    """What customers of one business say."""

    meanings: Mapping[str, ReplyMeaning]

    @classmethod
    def of(cls, languages: Iterable[str], own: Mapping[ReplyMeaning, Iterable[str]]) -> Self:
        """Of the `languages`, and of English, whose STOP everybody knows; the business's `own` words come first."""
        known = [ENGLISH, *(LANGUAGES[code] for code in languages)]
        given = {simplify(word): meaning for meaning, words in own.items() for word in words}
        # Stop before no: "cancelar suscripción" may not be taken for less than it says, whichever language lists it.
        by_language = {
            word: meaning
            for meaning in (ReplyMeaning.NO, ReplyMeaning.START, ReplyMeaning.STOP)
            for language in known
            for word in map(simplify, language.words[meaning])
        }
        given.pop("", None)
        return cls(by_language | given)

    def meaning(self, said: str) -> ReplyMeaning:
        return self.meanings.get(simplify(said), ReplyMeaning.OTHER)

    def whose(self, said: str, names: Sequence[str]) -> int | None:
        """The index of the one name that a "No" came with, as in "No Ann"; None without a "No" or a name, or when several have it."""
        words = simplify(said).split()
        for length in range(len(words) - 1, 0, -1):
            if self.meanings.get(" ".join(words[:length])) is ReplyMeaning.NO:
                rest = " ".join(words[length:])
                meant = [index for index, name in enumerate(names) if simplify(name) == rest]
                return meant[0] if len(meant) == 1 else None
        return None
