"""The check of a call's query: only names that it has, each once and with a value."""

from collections.abc import Sequence
from typing import Any, Final

from django.http import QueryDict
from rest_framework.exceptions import ErrorDetail, ValidationError

from customers import storable
from smrt_integration.api.fields import OTHER_DIGITS, unknown_names

TEXT_FILTERS: Final = frozenset(
    {"columns", "email", "external_id", "name", "number", "phone", "search"}
)
"""Filters by what people wrote. The others are ids, days, times, choices and numbers."""


def refuse_query(query: QueryDict, names: Sequence[str]) -> None:
    """Raise ValidationError unless each name in the query is one of `names`, once, with a value.

    Ignoring a misspelled or an empty filter would return every row.
    """
    if not query:
        return
    wrong: dict[Any, Any] = {}
    for name in query.keys() & {*names}:
        if problem := _problem(name, query.getlist(name)):
            wrong[name] = [problem]
    if unknown := query.keys() - {*names}:
        message = (
            f"Unknown filter. The filters are: {', '.join(names)}."
            if names
            else "This call takes nothing in the query."
        )
        wrong |= unknown_names(unknown, message, "unknown_filter")
    if wrong:
        raise ValidationError(wrong)


def _problem(name: str, values: list[str]) -> ErrorDetail | None:
    if len(values) > 1:
        return ErrorDetail("Give this once.", "repeated")
    if not values[0]:
        return ErrorDetail("Give a value, or leave this out.", "blank")
    if reason := storable.problem(values[0]):
        return ErrorDetail(reason, "unstorable_text")
    if name not in TEXT_FILTERS and any(c.isdigit() and not c.isascii() for c in values[0]):
        return ErrorDetail(OTHER_DIGITS, "invalid")
    return None
