"""What becomes of one line, given what is stored of its customer.

The rules are those of the records: a changed number loses what was known about the old one, and
nobody who turned off emails or texts gets them again without their consent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from customers.errors import ActionRefused
from customers.models.consent import MESSAGE_CHOICES, check_given_at
from customers.models.contact_rules import missing_contact
from customers.models.customer import CONTACT_FIELDS, Customer
from customers.phones import format_phone, same_phone
from smrt_integration.imports.check_line import CheckedLine
from smrt_integration.imports.models import ImportLine

Outcome = ImportLine.Outcome
OPTED_OUT_COLUMNS: Final[Mapping[str, str]] = Customer.opted_out_columns
ABOUT_PHONE: Final[Mapping[str, Any]] = Customer.about_phone
NEVER_SHOWN: Final = frozenset({"text_answered_at", *OPTED_OUT_COLUMNS.values()})
"""Columns that change with others."""
STAYS_OFF: Final = (
    "{messages} stay off: the customer turned them off. To turn them on, state the customer's "
    "consent in the line."
)


@dataclass(slots=True)
class StoredCustomer:
    """A customer's row: values by column, and by id of the custom field."""

    id: int
    values: Mapping[str, Any]
    custom: Mapping[int, str] = field(default_factory=dict)
    consents: frozenset[tuple[Any, ...]] = frozenset()
    """As `consent_key` returns them."""


@dataclass(slots=True)
class LineDecision:
    """What is written for a line. `values` of a customer that exists are those that change."""

    line: CheckedLine
    outcome: Outcome
    customer_id: int | None = None
    stored: StoredCustomer | None = None
    values: dict[str, Any] = field(default_factory=dict)
    custom: dict[int, str] = field(default_factory=dict)
    consent: dict[str, Any] | None = None
    reason: str = ""
    duplicate_of: str = ""


def decide(
    line: CheckedLine,
    stored: StoredCustomer | None,
    custom_names: Mapping[int, str],
    now: datetime,
) -> LineDecision:
    """Return what becomes of a line. `custom_names` has the custom fields by id, to name them."""
    if line.reasons:
        return refused(line, " ".join(line.reasons))
    try:
        consent = _consent(line, stored)
    except ActionRefused as error:
        return refused(line, f"consent.{error.field}: {error.message}")
    if stored is None:
        return _created(line, consent, now)
    return _changed(line, stored, consent, custom_names)


def refused(line: CheckedLine, reason: str) -> LineDecision:
    return LineDecision(line, Outcome.REFUSED, reason=reason)


def consent_key(choices: Any, given_by: str, given_at: datetime, how: str) -> tuple[Any, ...]:
    """Return what makes two consents the same, so that importing a file again adds none."""
    return (*sorted(choices), given_by, given_at, how)


def _created(line: CheckedLine, consent: dict[str, Any] | None, now: datetime) -> LineDecision:
    values = dict(line.values)
    # Whoever visited had signed up by then.
    values.setdefault("created_at", values.get("last_visit", now))
    contact = {name: values.get(name, "") for name in CONTACT_FIELDS}
    if missing := missing_contact(**contact):
        return refused(line, " ".join(missing.values()))
    return LineDecision(
        line,
        Outcome.CREATED,
        values=values,
        custom=dict(line.custom),
        consent=consent,
        reason=_who(contact),
    )


def _changed(
    line: CheckedLine,
    stored: StoredCustomer,
    consent: dict[str, Any] | None,
    custom_names: Mapping[int, str],
) -> LineDecision:
    wanted = dict(line.values)
    _keep_later_visit(wanted, stored.values)
    _keep_same_phone(wanted, stored.values)
    note = _keep_opt_outs(wanted, stored.values, consent)
    changes = {name: value for name, value in wanted.items() if stored.values[name] != value}
    contact = {name: changes.get(name, stored.values[name]) for name in CONTACT_FIELDS}
    if changes.keys() & {*CONTACT_FIELDS} and (missing := missing_contact(**contact)):
        return refused(line, " ".join(missing.values()))
    custom = {pk: value for pk, value in line.custom.items() if stored.custom.get(pk, "") != value}
    if consent is not None and consent_key(**consent) in stored.consents:
        consent = None
    decision = LineDecision(
        line, Outcome.UNCHANGED, stored.id, stored, changes, custom, consent, note
    )
    if changes or custom or consent:
        decision.outcome = Outcome.UPDATED
        names = [
            *(_in_words(name) for name in changes if name not in NEVER_SHOWN),
            *(custom_names[pk] for pk in custom),
            *(["consent"] if consent else []),
        ]
        decision.reason = f"{_who(contact)}: {', '.join(names)}. {note}".strip()
    return decision


def _keep_later_visit(wanted: dict[str, Any], stored: Mapping[str, Any]) -> None:
    """Keep the last visit that is stored if it is later."""
    if stored["last_visit"] is not None and stored["last_visit"] > wanted.get(
        "last_visit", stored["last_visit"]
    ):
        del wanted["last_visit"]


def _keep_same_phone(wanted: dict[str, Any], stored: Mapping[str, Any]) -> None:
    """Keep the same number in another form; forget what was known about another number."""
    phone = wanted.get("phone")
    if phone is None or phone == stored["phone"]:
        return
    if stored["phone"] and stored["phone"] in same_phone(phone):
        del wanted["phone"]
        return
    for name, unknown in ABOUT_PHONE.items():
        wanted.setdefault(name, unknown)


def _keep_opt_outs(
    wanted: dict[str, Any], stored: Mapping[str, Any], consent: dict[str, Any] | None
) -> str:
    """Keep off what the customer turned off without a consent. Returns a sentence if it stays so.

    What is turned on, or off by the business, is no longer the customer's own choice.
    """
    stays_off = []
    for choice, column in OPTED_OUT_COLUMNS.items():
        if choice not in wanted:
            continue
        if stored[choice] is False and stored[column] is not None:
            if wanted[choice] is False:
                continue
            if consent is None or choice not in consent["choices"]:
                del wanted[choice]
                stays_off.append(MESSAGE_CHOICES[choice])
                continue
        if stored[choice] != wanted[choice]:
            wanted[column] = None
    return STAYS_OFF.format(messages=" and ".join(stays_off)) if stays_off else ""


def _consent(line: CheckedLine, stored: StoredCustomer | None) -> dict[str, Any] | None:
    """Return the consent that the line states. Raises ActionRefused for one before the opt-out."""
    if not line.consent:
        return None
    opted_out_at = [
        stored.values[OPTED_OUT_COLUMNS[choice]]
        for choice in line.consent_choices
        if stored is not None
        and not stored.values[choice]
        and stored.values[OPTED_OUT_COLUMNS[choice]] is not None
    ]
    given_at = check_given_at(line.consent["given_at"], max(opted_out_at, default=None))
    return {**line.consent, "given_at": given_at, "choices": line.consent_choices}


def _who(contact: Mapping[str, str]) -> str:
    name = " ".join(filter(None, (contact["first_name"], contact["last_name"])))
    return name or contact["company_name"] or contact["email"] or format_phone(contact["phone"])


def _in_words(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ")
