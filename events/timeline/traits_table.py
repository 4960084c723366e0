"""A customer's traits, as a table for people: what Segment last accepted, and what of it is otherwise now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

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
"""In an owner's words, in the order of the article."""
NOT_KNOWN: Final = "not known"
HIDDEN: Final = "hidden: it opens their account without a password"
LINK: Final = "link"
MOMENTS: Final = frozenset({"createdAt", "lastVisit"})


@dataclass(frozen=True, slots=True)
class TraitRow:
    """`value` as Segment accepted it, or as it would be sent when nothing is known of that; `now` where it differs."""

    name: str
    trait: str
    value: str
    now: str = ""


def table(
    accepted: Mapping[str, Any] | None, today: Mapping[str, Any], time_zone: str
) -> list[TraitRow]:
    """Without `accepted`: today's."""
    return [_trait(trait, accepted, today, time_zone) for trait in TRAIT_NAMES]


def _trait(
    trait: str, accepted: Mapping[str, Any] | None, today: Mapping[str, Any], time_zone: str
) -> TraitRow:
    value = shown(trait, today.get(trait), time_zone)
    if accepted is None:
        return TraitRow(TRAIT_NAMES[trait], trait, value)
    then = shown(trait, accepted.get(trait), time_zone)
    differs = trait != LINK and accepted.get(trait) != today.get(trait)
    return TraitRow(TRAIT_NAMES[trait], trait, then, value if differs else "")


def shown(trait: str, value: Any, time_zone: str) -> str:
    if trait == LINK:
        return HIDDEN
    if value is None or value in ([], ""):
        return NOT_KNOWN
    if trait in MOMENTS:
        there = datetime.fromisoformat(value).astimezone(ZoneInfo(time_zone))
        return f"{there.day} {there:%B %Y %H:%M}"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return "; ".join(f"{one['name']}: {one['value'] or NOT_KNOWN}" for one in value)
    if isinstance(value, dict):
        return ", ".join(
            f"{part:g}" if isinstance(part, float) else str(part)
            for part in value.values()
            if part not in {None, ""}
        )
    return str(value)


def difference(traits: list[TraitRow], *, known: bool, same: bool, waiting: bool) -> str:
    """What of it is new to Segment. `known`: the log still has what was accepted; `same`: the fingerprint says that nothing changed."""
    changed = [trait.name for trait in traits if trait.now]
    wait = " Their details wait to be sent." if waiting else ""
    if same:
        return (
            "Nothing has changed since."
            if known
            else "The send log does not keep the message any more, but nothing has changed since."
        )
    if not known:
        return f"The send log does not keep the message any more; below is what would be sent today.{wait}"
    if not changed:
        return f"Nothing that is shown here has changed since.{wait}"
    return f"Changed since: {', '.join(changed)}.{wait or NOT_WAITING}"


NOT_WAITING: Final = " That is not waiting to be sent: it was changed while nothing was recorded. The next change of their details brings it along."
