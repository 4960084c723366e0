"""What a reply to a text means. Pure.

A reply is split into the phrases of its languages. It means something only if it consists of
nothing else, as it decides about a pickup: "No problem, see you!" and "No starch" are no "No".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from customers.texts.languages import LANGUAGES, ReplyMeaning, ReplyPhrases
from customers.texts.reply_text import (
    has_emoji_against,
    is_friendly_emoji,
    is_question,
    is_reaction,
    simplify,
    written_part,
)

MAX_WORDS: Final = 16
"""Of a reply that can be understood. People who write more have more to say than "No"."""

CANCEL_WORD: Final = "cancel"


class ReplyPart(Enum):
    """What a phrase of a reply is."""

    FILLER = 0
    THANKS = 1
    AGREEMENT = 2
    HELP = 3
    OPT_IN = 4
    CANCEL = 5
    NO = 6
    OPT_OUT = 7
    NAME = 8
    TIME = 9
    """Besides another part: the phrase says when."""
    CONTRADICTION = 10


ReplyParts = frozenset[ReplyPart]

MEANING_OF_PARTS: Final[Mapping[ReplyParts, ReplyMeaning]] = {
    frozenset(parts): meaning
    for parts, meaning in (
        ({ReplyPart.NO}, ReplyMeaning.NO),
        ({ReplyPart.CANCEL}, ReplyMeaning.NO),
        ({ReplyPart.NO, ReplyPart.CANCEL}, ReplyMeaning.NO),
        ({ReplyPart.OPT_OUT}, ReplyMeaning.OPT_OUT),
        ({ReplyPart.OPT_OUT, ReplyPart.NO}, ReplyMeaning.CANCEL),
        ({ReplyPart.OPT_OUT, ReplyPart.CANCEL}, ReplyMeaning.CANCEL),
        ({ReplyPart.OPT_IN}, ReplyMeaning.OPT_IN),
        ({ReplyPart.HELP}, ReplyMeaning.HELP),
        ({ReplyPart.AGREEMENT}, ReplyMeaning.ACKNOWLEDGMENT),
        ({ReplyPart.THANKS}, ReplyMeaning.ACKNOWLEDGMENT),
    )
}
"""By the parts that a reply has besides fillers, names, times, and thanks beside something else."""
PASSED_OVER: Final = frozenset({ReplyPart.FILLER, ReplyPart.NAME, ReplyPart.TIME})
AFTER_A_NAME: Final = frozenset({ReplyPart.FILLER, ReplyPart.THANKS})


class UnderstoodReply(NamedTuple):
    """What a reply means, and the index of the customer whom it names, if any."""

    meaning: ReplyMeaning
    named: int | None = None


class _Reading(NamedTuple):
    """One way to split the first words of a reply: its parts, and who is named."""

    parts: ReplyParts
    named: frozenset[int]


@dataclass(frozen=True)
class ReplyWords:
    """The phrases that one business's customers use in replies, simplified."""

    own: Mapping[str, ReplyMeaning]
    """The business's own words. The whole reply has to be one of them, and then they win."""
    parts: Mapping[str, ReplyParts]
    """What each phrase of the languages is."""
    after_stop: frozenset[str]
    """Whole replies that opt in after an opt-out."""

    @classmethod
    def of(cls, languages: Iterable[str], own: Mapping[ReplyMeaning, Iterable[str]]) -> Self:
        """Combine the words of `languages` and of English with the business's `own`.

        English is always included: everyone knows STOP.
        """
        codes = frozenset({"en", *languages})
        own_words = {simplify(word): meaning for meaning, words in own.items() for word in words}
        own_words.pop("", None)
        return cls(own_words, _phrases_of(codes), _words_after_stop(codes))

    def usual_meaning(self, phrase: str) -> ReplyMeaning | None:
        """Return what a phrase means in the languages, or None. A filler means nothing."""
        if phrase in self.after_stop:
            return ReplyMeaning.OPT_IN_AFTER_STOP
        return MEANING_OF_PARTS.get(self.parts.get(phrase, frozenset()) - PASSED_OVER)

    def meaning(self, reply: str) -> ReplyMeaning:
        return self.understand(reply).meaning

    def understand(self, reply: str, names: Sequence[Sequence[str]] = ()) -> UnderstoodReply:
        """Return what the reply means.

        `names` has the names of each customer who may have written it. A reply may end with one,
        as in "No Ann". It names nobody if several have that name.
        """
        written = written_part(reply)
        if is_reaction(reply) or is_reaction(written) or is_friendly_emoji(written):
            return UnderstoodReply(ReplyMeaning.ACKNOWLEDGMENT)
        whole = simplify(written)
        if own := self._own_words(whole, names):
            return own
        understood = self._understand_phrases(whole, names)
        if understood.meaning is ReplyMeaning.ACKNOWLEDGMENT and has_emoji_against(written):
            return UnderstoodReply(ReplyMeaning.OTHER)
        harmless = {ReplyMeaning.OPT_OUT, ReplyMeaning.HELP}
        if is_question(written) and understood.meaning not in harmless:
            return UnderstoodReply(ReplyMeaning.OTHER)
        return understood

    def _own_words(self, whole: str, names: Sequence[Sequence[str]]) -> UnderstoodReply | None:
        if own := self.own.get(whole):
            return UnderstoodReply(own)
        for name, named in _index_names(names).items():
            if whole.endswith(f" {name}") and (own := self.own.get(whole[: -len(name) - 1])):
                return UnderstoodReply(own, *named if len(named) == 1 else (None,))
        return None

    def _understand_phrases(self, whole: str, names: Sequence[Sequence[str]]) -> UnderstoodReply:
        if whole == CANCEL_WORD:
            return UnderstoodReply(ReplyMeaning.CANCEL)
        if whole in self.after_stop:
            return UnderstoodReply(ReplyMeaning.OPT_IN_AFTER_STOP)
        words = whole.split()
        if not words or len(words) > MAX_WORDS:
            return UnderstoodReply(ReplyMeaning.OTHER)
        readings = self._readings(words, names)
        clear = {reading for reading in readings if ReplyPart.CONTRADICTION not in reading.parts}
        understood = {_understood(reading) for reading in clear or readings}
        return understood.pop() if len(understood) == 1 else UnderstoodReply(ReplyMeaning.OTHER)

    def _readings(self, words: Sequence[str], names: Sequence[Sequence[str]]) -> set[_Reading]:
        """Return all ways to split the words into phrases."""
        named = _index_names(names)
        ending: list[set[_Reading]] = [{_Reading(frozenset(), frozenset())}]
        for end in range(1, len(words) + 1):
            readings: set[_Reading] = set()
            for start in range(end):
                phrase = " ".join(words[start:end])
                for before in ending[start]:
                    readings.update(_extended(before, self.parts.get(phrase), named.get(phrase)))
            ending.append(readings)
        return ending[-1]


def _extended(
    before: _Reading, parts: ReplyParts | None, named: frozenset[int] | None
) -> Iterable[_Reading]:
    """Return the reading with one more phrase, which may be a part, a name, both or neither."""
    if named is not None and before.parts and ReplyPart.NAME not in before.parts:
        yield _Reading(before.parts | {ReplyPart.NAME}, named)
    if parts is None:
        return
    contradicts = (
        (ReplyPart.NAME in before.parts and not parts <= AFTER_A_NAME)
        or (ReplyPart.TIME in before.parts and ReplyPart.TIME in parts)
        or (ReplyPart.NO in before.parts and ReplyPart.CANCEL in parts)
    )
    yield _Reading(
        before.parts | parts | ({ReplyPart.CONTRADICTION} if contradicts else set()), before.named
    )


def _understood(reading: _Reading) -> UnderstoodReply:
    parts = reading.parts - PASSED_OVER
    if len(parts) > 1:
        parts -= {ReplyPart.THANKS}
    meaning = MEANING_OF_PARTS.get(parts, ReplyMeaning.OTHER)
    if meaning is not ReplyMeaning.NO or len(reading.named) != 1:
        return UnderstoodReply(meaning)
    (index,) = reading.named
    return UnderstoodReply(meaning, index)


def _index_names(names: Sequence[Sequence[str]]) -> dict[str, frozenset[int]]:
    indexes: dict[str, frozenset[int]] = {}
    for index, of_customer in enumerate(names):
        for name in filter(None, map(simplify, of_customer)):
            indexes[name] = indexes.get(name, frozenset()) | {index}
    return indexes


def _add(parts: dict[str, ReplyParts], phrases: Iterable[tuple[str, ReplyParts]]) -> None:
    """Add phrases. Where two lists have the same, an opt-out wins, else what cancels nothing."""
    for phrase, added in phrases:
        present = parts.get(phrase, added)
        parts[phrase] = (
            max(present, added, key=_rank)
            if ReplyPart.OPT_OUT in present | added
            else min(present, added, key=_rank)
        )


def _rank(parts: ReplyParts) -> int:
    return min(part.value for part in parts)


@cache
def _phrases_of(codes: frozenset[str]) -> Mapping[str, ReplyParts]:
    """Return each phrase of the languages, simplified, with what it is."""
    parts: dict[str, ReplyParts] = {}
    for code in sorted(codes):
        _add(parts, _phrases_in(LANGUAGES[code].phrases))
    return MappingProxyType(parts)


@cache
def _words_after_stop(codes: frozenset[str]) -> frozenset[str]:
    return frozenset(
        simplify(word) for code in codes for word in LANGUAGES[code].phrases.opt_in_after_stop
    )


def _phrases_in(phrases: ReplyPhrases) -> Iterable[tuple[str, ReplyParts]]:
    for texts, part in (
        (phrases.opt_out, ReplyPart.OPT_OUT),
        (phrases.opt_in, ReplyPart.OPT_IN),
        (phrases.opt_in_after_stop, ReplyPart.AGREEMENT),
        (phrases.agreement, ReplyPart.AGREEMENT),
        (phrases.help, ReplyPart.HELP),
        (phrases.thanks, ReplyPart.THANKS),
        (phrases.fillers, ReplyPart.FILLER),
    ):
        yield from ((simplify(text), frozenset({part})) for text in texts)
    for templates, part in ((phrases.no, ReplyPart.NO), (phrases.cancel, ReplyPart.CANCEL)):
        for template in templates:
            parts = frozenset({part, ReplyPart.TIME} if "{when}" in template else {part})
            yield from ((simplify(text), parts) for text in _filled_in(template, phrases))


def _filled_in(template: str, phrases: ReplyPhrases) -> Iterable[str]:
    pickups = phrases.pickup if "{pickup}" in template else ("",)
    whens = phrases.when if "{when}" in template else ("",)
    for pickup, when in product(pickups, whens):
        yield template.format(pickup=pickup, when=when)
