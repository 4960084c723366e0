"""The body of every error: `{"errors": [{"code": ..., "field": ..., "message": ...}]}`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypedDict

from django.http import JsonResponse

MAX_ERRORS: Final = 10
"""A developer corrects a program by a few. The answer to a wrong body stays small."""
MAX_FIELD_LENGTH: Final = 120
"""Longer than the path of any field that exists."""
MAX_MESSAGE_LENGTH: Final = 500
"""Longer than any sentence of ours. Some quote a value, which may have megabytes."""
WHOLE: Final = "\0"
"""What errors about a whole object are kept under. DRF names it NON_FIELD_ERRORS_KEY."""


class ErrorDict(TypedDict):
    """One error. `field` is a path such as `items[2].price`, or None for the whole request."""

    code: str
    field: str | None
    message: str


class MoreErrors:
    """Stands among the errors for `count` more that are not worth telling one by one.

    As a key of a mapping, with an empty list.
    """

    def __init__(self, count: int) -> None:
        self.count = count


def error(code: str, message: str, field: str | None = None) -> ErrorDict:
    return {"code": code, "field": field, "message": message}


def errors_in(detail: Any) -> list[ErrorDict]:
    """Return up to MAX_ERRORS of the errors in a DRF exception's `detail`.

    The last one says how many more there are.
    """
    found = _walk(detail, "")
    told: list[ErrorDict] = []
    more = 0
    for problem in found:
        if isinstance(problem, MoreErrors):
            more += problem.count
        elif len(told) < MAX_ERRORS:
            told.append(problem)
        else:
            more += 1
    if more and told:
        noun = "error" if more == 1 else "errors"
        told[-1]["message"] += f" And {more:,} more {noun}."
    return told


def error_response(
    errors: list[ErrorDict], status: int, headers: Mapping[str, str] | None = None
) -> JsonResponse:
    return JsonResponse({"errors": errors}, status=status, headers=dict(headers or {}))


def _walk(detail: Any, path: str) -> Iterator[ErrorDict | MoreErrors]:
    if isinstance(detail, Mapping):
        for name, part in detail.items():
            if isinstance(name, MoreErrors):
                yield name
            else:
                yield from _walk(part, _joined(path, name))
    elif isinstance(detail, (list, tuple)):
        for number, part in enumerate(detail):
            yield from _walk(part, path if isinstance(part, str) else f"{path}[{number}]")
    else:
        code = getattr(detail, "code", None) or "invalid"
        yield error(
            code, printable(detail, MAX_MESSAGE_LENGTH), printable(path, MAX_FIELD_LENGTH) or None
        )


def _joined(path: str, name: Any) -> str:
    if name == WHOLE:
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def printable(value: Any, max_length: int) -> str:
    """Return the text, cut to a length, with halves of characters escaped, as UTF-8 has none."""
    text = str(value)
    if len(text) > max_length:
        text = f"{text[: max_length - 1]}…"
    return text.encode(errors="backslashreplace").decode()
