"""The check of a call's query: only names that it has, each once and with a value."""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import ErrorDetail, ValidationError

from smrt_integration.api.fields import unknown_names


def refuse_query(query: QueryDict, names: Sequence[str]) -> None:
    """Raise ValidationError unless each name in the query is one of `names`, once, with a value.

    Ignoring a misspelled or an empty filter would return every row.
    """
    if not query:
        return
    wrong: dict[Any, Any] = {}
    for name in query.keys() & {*names}:
        if problem := _problem(query.getlist(name)):
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


def _problem(values: list[str]) -> ErrorDetail | None:
    if len(values) > 1:
        return ErrorDetail("Give this once.", "repeated")
    if not values[0]:
        return ErrorDetail("Give a value, or leave this out.", "blank")
    return None
