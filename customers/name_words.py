"""Which columns of a customer's name several words may begin."""

from collections.abc import Sequence
from itertools import product
from typing import Final

LAST_NAME: Final = "customers_folded(r.last_name)"
FIRST_NAME: Final = "customers_folded(r.first_name)"
NAME_COLUMNS: Final = ("customers_folded(r.company_name)", LAST_NAME, FIRST_NAME)
"""The fewest have a company, and one index has last and first names."""


def ways_to_begin(words: Sequence[str]) -> list[tuple[tuple[str, str], ...]]:
    """Return each way to have the words begin columns, which the index of the first column finds.

    Two words begin one column only if one of them begins the other.
    """
    found: dict[tuple[tuple[str, str], ...], None] = {}
    for columns in product(NAME_COLUMNS, repeat=len(words)) if words else ():
        longest: dict[str, str] = {}
        for column, word in sorted(zip(columns, words, strict=True), key=lambda pair: len(pair[1])):
            if not word.startswith(longest.get(column, "")):
                break
            longest[column] = word
        else:
            starts = [(column, longest[column]) for column in NAME_COLUMNS if column in longest]
            found[tuple(starts)] = None
    return list(found)
