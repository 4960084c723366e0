"""Which field each heading of a file means, and what a user may assign."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from customers.errors import ActionRefused
from customers.models import Business, CustomField
from events.models import Integration
from smrt_integration.imports.fields import (
    BIRTHDAY_HEADINGS,
    CUSTOM,
    EXTERNAL_ID,
    FIELDS,
    FIELDS_BY_NAME,
)

NOT_IN_A_NAME: Final = re.compile(r"[\W_]+")
EXTERNAL_ID_MISSING: Final = (
    "Choose the column with the ID that each customer has in your former system. Without it, "
    "importing the file again would create every customer again."
)


class Choice(NamedTuple):
    """A field that a column may be assigned to."""

    name: str
    label: str
    help: str


def choices(business: Business) -> list[Choice]:
    """Return the fields that a column of this business's file may be assigned to."""
    return [
        *(Choice(field.name, field.label, field.help) for field in FIELDS),
        *(
            Choice(f"{CUSTOM}{field.name}", field.name, _help_of(field))
            for field in CustomField.objects.filter(business=business)
        ),
    ]


def _help_of(field: CustomField) -> str:
    if field.kind == CustomField.Kind.DATE:
        return "Your own field: a date, or a day and month."
    return "Your own field."


def recognize(business: Business, headings: Iterable[str]) -> dict[str, str]:
    """Return the field of each heading, or "" for one that is not recognized.

    Of two headings that mean the same field, the first gets it.
    """
    known = _known_headings(business)
    recognized: dict[str, str] = {}
    for heading in headings:
        field = known.get(plain_heading(heading), "")
        recognized[heading] = "" if field in recognized.values() else field
    return recognized


def plain_heading(heading: str) -> str:
    """Return the heading without capitals, accents, spaces and signs."""
    text = unicodedata.normalize("NFKD", heading).casefold()
    return NOT_IN_A_NAME.sub(
        "", "".join(letter for letter in text if not unicodedata.combining(letter))
    )


def _known_headings(business: Business) -> dict[str, str]:
    """Return the field's name by plain heading. Names of the API come before all others."""
    known: dict[str, str] = {}
    custom = list(CustomField.objects.filter(business=business))
    for field in FIELDS:
        known.setdefault(plain_heading(field.name), field.name)
    for own in custom:
        known.setdefault(plain_heading(own.name), f"{CUSTOM}{own.name}")
        known.setdefault(plain_heading(f"{CUSTOM}{own.name}"), f"{CUSTOM}{own.name}")
    for field in FIELDS:
        for heading in (field.label, field.name.rpartition(".")[2], *field.headings):
            known.setdefault(plain_heading(heading), field.name)
    if birthday := _birthday_field(business, custom):
        for heading in BIRTHDAY_HEADINGS:
            known.setdefault(plain_heading(heading), f"{CUSTOM}{birthday}")
    return known


def _birthday_field(business: Business, custom: Sequence[CustomField]) -> str:
    """Return the name of the field with the birthday, "" if there is none or several may be it."""
    chosen = Integration.objects.filter(business=business).values_list("birthday_field", flat=True)
    dates = [field for field in custom if field.kind == CustomField.Kind.DATE]
    found = [field.name for field in dates if field.pk in chosen] or [
        field.name for field in dates if field.holds_birthdays()
    ]
    return found[0] if len(found) == 1 else ""


def checked_columns(
    business: Business, headings: Sequence[str], columns: Mapping[str, str]
) -> dict[str, str]:
    """Return the field of every heading, as assigned. A heading that is left out is not read.

    Raises ActionRefused that names the heading: an unknown one, an unknown field, a field that two
    headings have, or no external ID.
    """
    fields = {choice.name for choice in choices(business)}
    for heading, field in columns.items():
        if heading not in headings:
            raise ActionRefused(
                f'The file has no heading "{heading}". Its headings are: {", ".join(headings)}.',
                "unknown_heading",
                "columns",
            )
        if field and field not in fields:
            raise ActionRefused(
                f'"{field}", for the heading "{heading}", is no field. The fields are: '
                f"{', '.join(sorted(fields))}.",
                "unknown_field",
                "columns",
            )
    _refuse_field_twice(columns)
    if EXTERNAL_ID not in columns.values():
        raise ActionRefused(EXTERNAL_ID_MISSING, "external_id_missing", "columns")
    return {heading: columns.get(heading, "") for heading in headings}


def _refuse_field_twice(columns: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for heading, field in columns.items():
        if field in first:
            label = FIELDS_BY_NAME[field].label if field in FIELDS_BY_NAME else field
            raise ActionRefused(
                f'The headings "{first[field]}" and "{heading}" are both assigned to {label}. '
                "Choose one of them.",
                "assigned_twice",
                "columns",
            )
        if field:
            first[field] = heading
