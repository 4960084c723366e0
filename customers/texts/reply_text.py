"""What of a text its sender wrote: without signatures, quoted mails and reactions. Pure.

What phones add depends on the phone's language, not on the business's, so all are looked for.
"""

import re
import unicodedata
from typing import Final

APOSTROPHE: Final = re.compile("['\u2018\u2019\u02bc`\u00b4]")
NOT_PART_OF_A_WORD: Final = re.compile(r"[^\w\s]|_")
"""Punctuation, quotes and emoji end a word, as in "No,thanks". An apostrophe does not."""

OPENING_QUOTE: Final = "[\"\u201c\u201d\u201e\u201f\u00ab\u2039'\u2018\u201a\u300c]"
ADDED_BY_PHONES: Final = re.compile(
    r"(?im)[\s\-\u2013\u2014|(]*\b(?:"
    r"sent (?:from|via|with|using|by) (?:my|the|a|mail|yahoo|outlook|gmail|proton|samsung|"
    r"android|iphone|ipad|verizon|at&t|t-mobile)"
    r"|get outlook for|von meinem .{1,30} gesendet|gesendet (?:von|mit|\u00fcber) "
    r"|diese nachricht wurde von|outlook f\u00fcr .{1,20} beziehen"
    r"|enviado (?:desde|con) |obtener outlook para|obt\u00e9n outlook para"
    r"|envoy\u00e9 (?:de|depuis|avec|\u00e0 partir de) "
    r"|t\u00e9l\u00e9charger outlook|obtenir outlook"
    r")[^\n]*"
)
"""A phone's or a mail program's line below what somebody wrote."""
QUOTED_BELOW: Final = re.compile(
    r"(?im)^[ \t]*(?:"
    r"(?:on|am|el|le)\b.{5,200}(?:wrote|schrieb.{0,60}|escribi\u00f3|a \u00e9crit)\s*:?[ \t]*$"
    r"|-{3,}\s*(?:original|urspr\u00fcngliche|mensaje original|message d'origine).*$"
    r"|(?:from|von|de|sent|gesendet|enviado|envoy\u00e9)[ \t]?:.*$"
    r"|_{5,}[ \t]*$"
    r"|--[ \t]*$"
    r")"
)
"""Begins a quoted mail, or after two hyphens a signature. What follows is not the reply."""
QUOTED_LINE: Final = re.compile(r"(?m)^[ \t]*>.*$")
REACTION: Final = re.compile(
    rf"(?is)\s*(?:"
    # iPhones, by language
    r"liked|loved|disliked|laughed at|emphasi[sz]ed|questioned"
    r"|reacted .{1,30}?\bto|removed an? .{1,30}?\bfrom"
    r"|le gust\u00f3|le encant\u00f3|no le gust\u00f3|le dio risa|se ri\u00f3 de|enfatiz\u00f3"
    r"|destac\u00f3|pregunt\u00f3 por|cuestion\u00f3"
    r"|reaccion\u00f3 .{1,30}?\ba|quit\u00f3 .{1,30}?\bde"
    r"|gef\u00e4llt|gefiel|liebt|mag nicht|lacht \u00fcber|hebt hervor|hinterfragt"
    r"|reagiert(?:e)? .{0,30}?\bauf|hat .{1,30}?\bentfernt von"
    r"|a aim\u00e9|a ador\u00e9|n['\u2019]a pas aim\u00e9|a ri de|a ri \u00e0|a soulign\u00e9"
    r"|a mis en \u00e9vidence|a remis en question|s['\u2019]interroge sur"
    r"|a r\u00e9agi .{0,30}?(?:\u00e0|par .{1,20} \u00e0)|a retir\u00e9 .{1,30}?(?:de|du)"
    # Android: an emoji and "to"
    r"|[^\w\s]{1,12}\s*(?:to|a|\u00e0|zu|auf)"
    rf")\s*:?\s*(?:{OPENING_QUOTE}|an? (?:image|photo|picture|attachment|message)\b|una? imagen"
    rf"|ein bild|une image)"
)
REACTION_AT_THE_END: Final = re.compile(
    r"(?is)\s*(?:hat\s*)?[\"\u201c\u201e\u00ab].+[\"\u201c\u201d\u00bb]\s*"
    r"(?:gef\u00e4llt mir|mit .{1,30} (?:markiert|reagiert)|hervorgehoben|hinterfragt|geliebt)"
    r"\W*$"
)
QUESTION: Final = re.compile("[?\u00bf\uff1f\u061f]")
EMOJI: Final = re.compile("[\u2190-\u2bff\u2600-\u27bf\U0001f000-\U0001faff]")
AGAINST: Final = re.compile(
    "[\u274c\u274e\u26d4\u270b\u2716\U0001f44e\U0001f6ab\U0001f6d1\U0001f645\U0001f937]"
)
"""Emoji that may mean a "No". Alone they are not clear enough to cancel."""


def simplify(text: str) -> str:
    """Return small letters, single spaces, no punctuation: `" No!! "` becomes `"no"`."""
    small = APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(NOT_PART_OF_A_WORD.sub(" ", small).split())


def written_part(text: str) -> str:
    """Return what the sender wrote, without a phone's line and quoted mails below it.

    A text that consists of nothing else is returned whole.
    """
    part = QUOTED_LINE.sub("", text)
    if begins := QUOTED_BELOW.search(part):
        part = part[: begins.start()]
    part = ADDED_BY_PHONES.sub("", part)
    return part if part.strip() else text


def is_reaction(text: str) -> bool:
    """Return whether a phone wrote this, because somebody tapped a heart or a thumb."""
    return bool(REACTION.match(text) or REACTION_AT_THE_END.match(text))


def is_question(text: str) -> bool:
    return bool(QUESTION.search(text))


def has_emoji_against(text: str) -> bool:
    """Return whether the text has an emoji that may mean a "No"."""
    return bool(AGAINST.search(text))


def is_friendly_emoji(text: str) -> bool:
    """Return whether the text consists of emoji, none of which may mean a "No"."""
    return bool(EMOJI.search(text)) and not simplify(text) and not has_emoji_against(text)
