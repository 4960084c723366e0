"""The values of a line's cells, as the columns of a customer hold them.

Each parser returns a value, or raises NotAValue with a sentence for whoever has the file. Rules are
those of the API and the pages.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from babel import Locale
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from customers import dates, storable
from customers.composed import composed
from customers.errors import CLOCK_SKEW
from customers.models import Customer, CustomField
from customers.phones import MAX_PHONE_ENTRY, ImpossibleNumber, read_phone
from smrt_integration.imports.parse_dates import read_day, read_moment, stands_for_nothing

YES: Final = frozenset({"yes", "y", "true", "t", "1", "x", "on", "ja", "oui", "si", "sí"})
NO: Final = frozenset({"no", "n", "false", "f", "0", "off", "nein", "non"})
SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
"""As spreadsheets show long numbers, with digits lost."""
NOT_IN_A_CHOICE: Final = re.compile(r"[\s_-]+")
MAX_EMAIL: Final = 254
MAX_CUSTOM_VALUE: Final = 10_000
"""As in the API."""
OTHER_NAMES: Final = {
    "usa": "US",
    "unitedstatesofamerica": "US",
    "uk": "GB",
    "greatbritain": "GB",
    "england": "GB",
    "deutschland": "DE",
    "österreich": "AT",
    "schweiz": "CH",
}

NO_SHORTENED: Final = (
    "A spreadsheet has shortened this number. Format the column as text, enter the number again "
    "and save the file."
)
YES_OR_NO: Final = "Write yes or no."


class NotAValue(ValueError):
    """A cell that the field cannot have. The message is a sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class FileRules:
    """What a file's values are read by: the business's country and names, and the time."""

    country: str
    time_zone: str
    month_first: bool
    now: datetime
    named: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By field ("brand"), the ids of the business's records by their names without capitals."""
    custom: Mapping[str, CustomField] = field(default_factory=dict)
    """The business's custom fields by name."""
    birthdays: frozenset[int] = frozenset()
    """The ids of the custom fields that hold birthdays."""
    today: date = field(default_factory=lambda: timezone.now().date())


Parser = Callable[[str, FileRules], Any]


def text_of(most: int) -> Parser:
    def parse(text: str, rules: FileRules) -> str:
        value = text
        # Nearly all are ASCII, which needs no more.
        if not text.isascii() or "\0" in text:
            if reason := storable.problem(text):
                raise NotAValue(reason)
            value = composed(text)
        if len(value) > most:
            raise NotAValue(f"This is longer than {most:,} characters. Shorten it.")
        return value

    return parse


def max_length(column: str) -> int:
    """Return how many characters a column of customers holds."""
    length: int = getattr(Customer._meta.get_field(column), "max_length", 0)
    return length


def choice_of(values: type[Any]) -> Parser:
    """Return a parser for one of the choices, however it is written."""
    by_name = {_plain(name): value for value, label in values.choices for name in (value, label)}
    allowed = ", ".join(values.values)

    def parse(text: str, rules: FileRules) -> str:
        if (value := by_name.get(_plain(text))) is None:
            raise NotAValue(f"{_shown(text)} is none of: {allowed}.")
        return str(value)

    return parse


def parse_external_id(text: str, rules: FileRules) -> str:
    _refuse_shortened(text)
    value: str = text_of(max_length("external_id"))(text, rules)
    return value


def parse_yes_or_no(text: str, rules: FileRules) -> bool:
    plain = text.casefold()
    if plain in YES or plain in NO:
        return plain in YES
    raise NotAValue(f"{_shown(text)} is neither yes nor no. {YES_OR_NO}")


def parse_email(text: str, rules: FileRules) -> str:
    value: str = text_of(MAX_EMAIL)(text, rules)
    try:
        validate_email(value)
    except ValidationError as error:
        raise NotAValue(
            f"{_shown(text)} is not an email address. Correct it or leave it empty."
        ) from error
    return value


def parse_phone(text: str, rules: FileRules) -> tuple[str, str]:
    """Return the number (E.164) and what was written beside it."""
    _refuse_shortened(text)
    entered = text_of(MAX_PHONE_ENTRY)(text, rules)
    try:
        phone = read_phone(entered, rules.country)
    except ImpossibleNumber as error:
        raise NotAValue(f"{error} Correct it or leave it empty.") from error
    return phone.number, phone.note


def parse_country(text: str, rules: FileRules) -> str:
    if len(text) == 2 and text.isascii() and text.isalpha():
        return text.upper()
    if code := _countries().get(NOT_IN_A_CHOICE.sub("", text).casefold()):
        return code
    raise NotAValue(f"{_shown(text)} is not a country. Use its two letters, for example US.")


def parse_past_moment(text: str, rules: FileRules) -> datetime | None:
    """Return the moment in UTC, or None for a date that stands for "not known"."""
    moment = read_moment(
        text, rules.time_zone, month_first=rules.month_first, today=rules.now.date()
    )
    if moment is None:
        raise NotAValue(f"{_shown(text)} is not a date. Write it as {_example(rules)}.")
    if stands_for_nothing(moment):
        return None
    if moment > rules.now + CLOCK_SKEW:
        raise NotAValue(f"{_shown(text)} is in the future. Dates are read as {_example(rules)}.")
    return min(moment, rules.now)


def parse_moment(text: str, rules: FileRules) -> datetime:
    """Return the moment in UTC of something that happened."""
    moment = parse_past_moment(text, rules)
    if moment is None:
        raise NotAValue(f"{_shown(text)} is too long ago.")
    return moment


def name_of(field_name: str, noun: str) -> Parser:
    def parse(text: str, rules: FileRules) -> int:
        if reason := storable.problem(text):
            raise NotAValue(reason)
        found = rules.named.get(field_name, {}).get(composed(text).casefold())
        if found is None:
            raise NotAValue(
                f"There is no {noun} {_shown(text)}. Add it on its page first, or correct the name."
            )
        return found

    return parse


def custom_value_of(own: CustomField) -> Parser:
    """Return a parser for a custom field's value: the field's id, and the text that is stored."""
    as_text, field_id = text_of(MAX_CUSTOM_VALUE), own.pk
    if own.kind != CustomField.Kind.DATE:
        return lambda text, rules: (field_id, as_text(text, rules))

    def parse(text: str, rules: FileRules) -> tuple[int, str]:
        day = _custom_day(as_text(text, rules), rules)
        if day is None:
            raise NotAValue(
                f"{_shown(text)} is not a date. Write it as {_example(rules)} or, without a year, "
                "as 05-04 (MM-DD)."
            )
        if field_id in rules.birthdays and dates.is_future(day, rules.today):
            raise NotAValue(f"{_shown(text)} is in the future. Enter the day of birth.")
        return field_id, day

    return parse


def _custom_day(text: str, rules: FileRules) -> str | None:
    found = read_day(text, month_first=rules.month_first, today=rules.today)
    if found is not None and _is_no_time(found[1]):
        return dates.normalise_date(found[0].isoformat())
    return dates.normalise_date(text)


def _is_no_time(rest: str) -> bool:
    """Return whether nothing, or a time as spreadsheets add it to days, follows."""
    return not rest.strip() or bool(re.fullmatch(r"[T ]+0?0:00(:00)?(\.0+)?Z?", rest.rstrip()))


def _refuse_shortened(text: str) -> None:
    if SHORTENED.fullmatch(text):
        raise NotAValue(f"{_shown(text)}: {NO_SHORTENED}")


def _example(rules: FileRules) -> str:
    return f"2026-03-27 or {'03/27/2026' if rules.month_first else '27/03/2026'}"


def _plain(text: str) -> str:
    return NOT_IN_A_CHOICE.sub("", text).casefold()


def _shown(text: str) -> str:
    short = storable.UNSTORABLE.sub("\ufffd", text[:60])
    return f'"{short}{"…" if len(text) > len(short) else ""}"'


@cache
def _countries() -> Mapping[str, str]:
    """Return the two letters by the country's English name, without spaces and capitals."""
    names = {
        NOT_IN_A_CHOICE.sub("", str(name)).casefold(): str(code)
        for code, name in Locale("en").territories.items()
        if len(code) == 2 and code.isalpha()
    }
    return names | OTHER_NAMES
