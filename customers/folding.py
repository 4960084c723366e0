"""Text without accents and capitals, as it is compared in a search.

`fold` and the database's function `customers_folded` do the same: a search folds what was typed,
and indexes hold the folded columns. The result depends neither on the database's locale nor on the
version of its libraries, so an index stays right on every server.

- Accents are dropped: `Núñez` is `nunez`, `Ødegaard` is `odegaard`, `Łukasz` is `lukasz`.
- Capitals are small letters, also in Greek and Cyrillic. All four i of Turkish are `i`.
- `ß` is `ss`, `æ` is `ae`, `œ` is `oe`, `þ` is `th`. `ü` is `u`, not `ue`.
- Apostrophes, points and `#` are dropped. Hyphens and commas are spaces. Several spaces are one.
"""

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from django.contrib.postgres.indexes import OpClass
from django.db.models import CharField, Func, Lookup, TextField

from customers.storable import UNSTORABLE

if TYPE_CHECKING:
    FoldedLookup = Lookup[Any]
else:
    FoldedLookup = Lookup

MARKS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Accents, and the vowels of Hebrew and Arabic. Marks that make another letter, as in Japanese and
in the scripts of India, are not in it."""
LETTERS: Final = {
    **dict(zip("ŁłØøĐđĦħıŦŧÐðƒĸŊŋ", "llooddhhittddfknn", strict=True)),
    # Capitals outside of ASCII. After decomposition no letter with an accent is left.
    **{chr(code): chr(code + 32) for code in (*range(0x391, 0x3A2), *range(0x3A3, 0x3AA))},
    "\u03c2": "\u03c3",
    **{chr(code): chr(code + 32) for code in range(0x410, 0x430)},
    **{chr(code): chr(code + 80) for code in range(0x400, 0x410)},
    **{chr(code): chr(code + 48) for code in range(0x531, 0x557)},
    "Ґ": "ґ",
    **dict.fromkeys("-,\u00ad\u2010\u2012\u2013\u2014\u2015\u2212\t\n\r", " "),
}
"""One character for one. The last line are hyphens, the comma and white space."""
DROPPED: Final = (
    "'\"`#.\u02b9\u02bb\u02bc\u02c8\u055a\u05f3\u2018\u2019\u201a\u201b\u201c\u201d\u2032"
)
PAIRS: Final = {
    "ß": "ss",
    "ẞ": "ss",
    "æ": "ae",
    "Æ": "ae",
    "œ": "oe",
    "Œ": "oe",
    "þ": "th",
    "Þ": "th",
}
ASCII_SMALL: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

_TABLE: Final = str.maketrans({**LETTERS, **PAIRS, **dict.fromkeys(DROPPED, "")}) | ASCII_SMALL
_MARKS: Final = re.compile(f"[{MARKS}]")


def fold(text: str) -> str:
    """Return the text as `customers_folded` returns it."""
    plain = text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return re.sub(" +", " ", plain.translate(_TABLE)).strip(" ")


class Folded(Func):
    """The database's `customers_folded`, which a migration created. Never change that function:

    indexes hold its results. Another folding is another function, with indexes of its own.
    """

    function = "customers_folded"
    arity = 1
    output_field = TextField()


def folded_start(column: str) -> OpClass:
    """Return the column of an index for searches by how the text begins.

    The operator class makes the index work in databases of any locale.
    """
    return OpClass(Folded(column), "text_pattern_ops")


class _FoldedComparison(FoldedLookup):
    """Compares the folded column with the folded text. A text without letters finds nothing."""

    prepare_rhs = False
    pattern: str

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        text = fold(UNSTORABLE.sub("", str(self.rhs)))
        if not text:
            return "FALSE", ()
        return (
            f"customers_folded({column}) LIKE %s",
            (*params, self.pattern.format(escape_like(text))),
        )


class FoldedStart(_FoldedComparison):
    lookup_name = "folded_start"
    pattern = "{}%"


class FoldedPart(_FoldedComparison):
    lookup_name = "folded_part"
    pattern = "%{}%"


class FoldedWhole(_FoldedComparison):
    lookup_name = "folded"
    pattern = "{}"


def escape_like(text: str) -> str:
    """Return the text with LIKE's special characters escaped."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def ascii_digits(text: str) -> str:
    """Return the decimal digits of any script as ASCII."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


for kind in (CharField, TextField):
    for lookup in (FoldedStart, FoldedPart, FoldedWhole):
        kind.register_lookup(lookup)
