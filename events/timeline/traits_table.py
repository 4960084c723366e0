"""A customer's traits as a table for owners: what Segment accepted, and what differs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from customers.business_clock import BusinessClock

TRAIT_NAMES: Final = {
    "email": "Email",
    "name": "Name",
    "firstName": "First name",
    "lastName": "Last name",
    "phone": "Phone",
    "isMobile": "Mobile phone",
    "agent": "Store or route",
    "paymentTerm": "How they pay",
    "hasCreditCard": "Card on file",
    "createdAt": "Signed up",
    "lastVisit": "Last visit",
    "deliveryPreference": "Delivery",
    "link": "Link to their online account",
    "brand": "Brand",
    "address": "Address",
    "receiveEmails": "Wants emails",
    "receiveTexts": "Wants texts",
    "group": "Group",
    "accountDiscount": "Discount",
    "customFields": "Custom fields",
    "demographic": "Spending, 1 (most) to 5",
    "phoneE164": "Phone with country code",
    "birthday": "Birthday",
}
"""The traits in an owner's words, in the order of the article."""
NOT_KNOWN: Final = "not known"
SHOWN_FOR_LINK: Final = "hidden, because it opens their account without a password"
LINK_TRAIT: Final = "link"
TIME_TRAITS: Final = frozenset({"createdAt", "lastVisit"})
CHANGED_UNRECORDED: Final = (
    " These changes are not waiting to be sent, because nothing was recorded when they were made. "
    "They are sent with the next change of this customer's details."
)


@dataclass(frozen=True, slots=True)
class TraitRow:
    """`value` is what Segment accepted, or what would be sent when that is not known.

    `now` is the present value where it differs.
    """

    name: str
    trait: str
    value: str
    now: str = ""


def trait_table(
    accepted: Mapping[str, Any] | None, today: Mapping[str, Any], clock: BusinessClock
) -> list[TraitRow]:
    """Return a row for each trait. `accepted` is None when we no longer know what was accepted."""
    return [_row(trait, accepted, today, clock) for trait in TRAIT_NAMES]


def _row(
    trait: str, accepted: Mapping[str, Any] | None, today: Mapping[str, Any], clock: BusinessClock
) -> TraitRow:
    value = value_in_words(trait, today.get(trait), clock)
    if accepted is None:
        return TraitRow(TRAIT_NAMES[trait], trait, value)
    accepted_value = value_in_words(trait, accepted.get(trait), clock)
    differs = trait != LINK_TRAIT and accepted.get(trait) != today.get(trait)
    return TraitRow(TRAIT_NAMES[trait], trait, accepted_value, value if differs else "")


def value_in_words(trait: str, value: Any, clock: BusinessClock) -> str:
    if trait == LINK_TRAIT:
        return SHOWN_FOR_LINK
    if value is None or value in ([], ""):
        return NOT_KNOWN
    if trait in TIME_TRAITS:
        return clock.moment(datetime.fromisoformat(value))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return "; ".join(f"{field['name']}: {field['value'] or NOT_KNOWN}" for field in value)
    if isinstance(value, dict):
        return ", ".join(
            f"{part:g}" if isinstance(part, float) else str(part)
            for part in value.values()
            if part not in {None, ""}
        )
    return str(value)


def difference(traits: list[TraitRow], *, is_logged: bool, is_same: bool, is_waiting: bool) -> str:
    """Return the sentence that says what Segment does not have yet.

    `is_logged`: the send log still has what was accepted. `is_same`: the hash of the traits has not
    changed since.
    """
    changed = [trait.name for trait in traits if trait.now]
    waiting = " Their new details are waiting to be sent." if is_waiting else ""
    if is_same and is_logged:
        return "Nothing has changed since."
    if is_same:
        return "The send log no longer has the message, but nothing has changed since."
    if not is_logged:
        return (
            "The send log no longer has the message. "
            f"The table shows what would be sent today.{waiting}"
        )
    if not changed:
        return f"Nothing in this table has changed since.{waiting}"
    return f"Changed since: {', '.join(changed)}.{waiting or CHANGED_UNRECORDED}"
