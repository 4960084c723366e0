"""What a line says about a customer: values, or the reasons why it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from customers.models import Business, Customer, CustomField
from customers.models.business import Agent, Brand, CustomerGroup, Discount
from customers.models.consent import MAX_GIVEN_BY_LENGTH, MAX_HOW_LENGTH, MESSAGE_CHOICES
from customers.phones import MAX_PHONE_NOTE
from smrt_integration.imports import parse_values as parse
from smrt_integration.imports.fields import CUSTOM, EXTERNAL_ID, FIELDS_BY_NAME
from smrt_integration.imports.parse_values import FileRules, NotAValue, Parser
from smrt_integration.imports.read_lines import MAX_RAW, FileLine

CONSENT: Final = "consent."
NAMED: Final[Mapping[str, type[Any]]] = {
    "agent": Agent,
    "brand": Brand,
    "group": CustomerGroup,
    "discount": Discount,
}


def _column(name: str) -> str:
    return f"{name}_id" if name in NAMED else name.removeprefix("address.")


PARSERS: Final[Mapping[str, Parser]] = {
    EXTERNAL_ID: parse.parse_external_id,
    "kind": parse.choice_of(Customer.Kind),
    **{
        name: parse.text_of(parse.max_length(_column(name)))
        for name in (
            "company_name",
            "first_name",
            "last_name",
            "address.street",
            "address.city",
            "address.state",
            "address.postal_code",
        )
    },
    "address.country": parse.parse_country,
    "email": parse.parse_email,
    "phone": parse.parse_phone,
    "phone_note": parse.text_of(MAX_PHONE_NOTE),
    "phone_is_mobile": parse.parse_yes_or_no,
    "created_at": parse.parse_past_moment,
    "last_visit": parse.parse_past_moment,
    "source": parse.choice_of(Customer.Source),
    "visit_frequency": parse.choice_of(Customer.VisitFrequency),
    "payment_term": parse.choice_of(Customer.PaymentTerm),
    "card_on_file": parse.parse_yes_or_no,
    "delivery_preference": parse.choice_of(Customer.DeliveryPreference),
    "agent": parse.name_of("agent", "store or route"),
    "brand": parse.name_of("brand", "brand"),
    "group": parse.name_of("group", "customer group"),
    "discount": parse.name_of("discount", "discount"),
    "receive_emails": parse.parse_yes_or_no,
    "receive_texts": parse.parse_yes_or_no,
    "consent.given_by": parse.text_of(MAX_GIVEN_BY_LENGTH),
    "consent.given_at": parse.parse_moment,
    "consent.how": parse.text_of(MAX_HOW_LENGTH),
}
COLUMNS: Final[Mapping[str, str]] = {
    name: _column(name) for name in PARSERS if name != EXTERNAL_ID and not name.startswith(CONSENT)
}
"""The column of a customer that a field's value goes to."""
RARELY_TWICE: Final = frozenset({EXTERNAL_ID, "email", "phone", "address.street"})
MAX_KNOWN: Final = 5_000
"""Values of a column that are kept: some hundred kilobytes."""
MAX_KNOWN_LENGTH: Final = 40

NO_EXTERNAL_ID: Final = "The external ID is missing. It says which customer this is."
CONSENT_INCOMPLETE: Final = (
    "A consent needs who gave it, when and how (consent.given_by, consent.given_at and "
    "consent.how)."
)
CONSENT_OF_NOTHING: Final = (
    "A consent belongs to receive_emails or receive_texts with the value yes. Add one to the line."
)


@dataclass(slots=True)
class CheckedLine:
    """A line with its values by column of the customer, or with the reasons against it."""

    number: int
    external_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    """Only what the line brings. An empty cell changes nothing."""
    custom: dict[int, str] = field(default_factory=dict)
    """Values by the id of the custom field."""
    consent: dict[str, Any] = field(default_factory=dict)
    consent_choices: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    raw: str = ""


class Cell(NamedTuple):
    """How the cells under one heading are read."""

    name: str
    """The field, such as `address.city`."""
    parser: Parser
    known: dict[str, Any] | None
    """Values of texts that were read before. None if few texts occur twice."""


class LineChecker:
    """Reads the cells of lines. `columns` has the field of each heading."""

    def __init__(self, columns: Mapping[str, str], rules: FileRules) -> None:
        self._rules = rules
        self._cells = {heading: self._cell(name) for heading, name in columns.items()}

    def check(self, line: FileLine) -> CheckedLine:
        """Return the line's values, or the reasons why it is refused."""
        checked = CheckedLine(line.number, raw=line.raw)
        if line.reason:
            checked.reasons.append(line.reason)
            return checked
        for heading, text in line.cells.items():
            try:
                cell = self._cells[heading] if heading in self._cells else self._late(heading)
                if cell is not None and (value := self._value(cell, text)) is not None:
                    _put(checked, cell.name, value)
            except NotAValue as error:
                checked.reasons.append(f"{heading[:60]}: {error}")
        _check_whole(checked)
        return checked

    def _value(self, cell: Cell, text: str) -> Any:
        known = cell.known
        if known is None:
            return cell.parser(text, self._rules)
        if text in known:
            return known[text]
        value = cell.parser(text, self._rules)
        if len(known) < MAX_KNOWN and len(text) <= MAX_KNOWN_LENGTH:
            known[text] = value
        return value

    def _cell(self, name: str) -> Cell | None:
        """Return how a field is read, None for a column that is not."""
        if name.startswith(CUSTOM):
            own = self._rules.custom.get(name.removeprefix(CUSTOM))
            return Cell(name, parse_gone if own is None else parse.custom_value_of(own), {})
        return Cell(name, PARSERS[name], None if name in RARELY_TWICE else {}) if name else None

    def _late(self, heading: str) -> Cell | None:
        """Return how a name that first occurs late in a file of NDJSON is read.

        Raises NotAValue for an unknown one.
        """
        is_own = heading.removeprefix(CUSTOM) in self._rules.custom
        if heading in FIELDS_BY_NAME or (heading.startswith(CUSTOM) and is_own):
            return self._cell(heading)
        raise NotAValue("There is no such field. Correct the name or leave it out.")


def parse_gone(text: str, rules: FileRules) -> Any:
    raise NotAValue("There is no such custom field any more.")


def file_rules(business: Business, month_first: bool, now: Any) -> FileRules:
    """Return what the lines of the business's files are read by."""
    custom = {field.name: field for field in CustomField.objects.filter(business=business)}
    return FileRules(
        country=business.country,
        time_zone=business.time_zone,
        month_first=month_first,
        now=now,
        named={
            name: {
                row_name.casefold(): pk
                for pk, row_name in model.objects.filter(business=business).values_list(
                    "pk", "name"
                )
            }
            for name, model in NAMED.items()
        },
        custom=custom,
        birthdays=frozenset(
            field.pk
            for field in custom.values()
            if field.kind == CustomField.Kind.DATE and field.holds_birthdays()
        ),
        today=business.today(now),
    )


def _put(checked: CheckedLine, name: str, value: Any) -> None:
    if name == EXTERNAL_ID:
        checked.external_id = value
    elif name == "phone":
        checked.values["phone"], note = value
        if note:
            checked.values["phone_note"] = note
    elif name.startswith(CONSENT):
        checked.consent[name.removeprefix(CONSENT)] = value
    elif name.startswith(CUSTOM):
        field_id, text = value
        checked.custom[field_id] = text
    elif name != "phone_note" or "phone_note" not in checked.values:
        checked.values[COLUMNS[name]] = value


def _check_whole(checked: CheckedLine) -> None:
    if not checked.external_id and not checked.reasons:
        checked.reasons.append(NO_EXTERNAL_ID)
    if checked.consent:
        checked.consent_choices = [
            choice for choice in MESSAGE_CHOICES if checked.values.get(choice) is True
        ]
        if len(checked.consent) < sum(name.startswith(CONSENT) for name in PARSERS):
            checked.reasons.append(CONSENT_INCOMPLETE)
        elif not checked.consent_choices:
            checked.reasons.append(CONSENT_OF_NOTHING)
    if checked.reasons:
        checked.raw = checked.raw[:MAX_RAW]
