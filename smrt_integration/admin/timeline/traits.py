"""A customer's details as Segment last accepted them, beside what they are now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from customers.models import Customer
from customers.traits import build_traits, custom_values, trait_sources
from events.encryption import Unreadable
from events.models import AcceptedTraits, Integration
from events.timeline import queries, traits_table
from events.timeline.traits_table import TraitRow
from smrt_integration.delivery.build import destination, hash_of

NOT_YET: Final = "Segment does not have their details yet."
ELSEWHERE: Final = "That was another source than the one you have now: the present one gets them before the customer's next event."


@dataclass(frozen=True, slots=True)
class KnownTraits:
    """`at`: when Segment accepted them; None when it never did, or nobody knows any more."""

    traits: list[TraitRow]
    sentence: str
    at: datetime | None = None
    entry_id: int | None = None
    accepted: bool = False


def known_traits(
    customer: Customer, integration: Integration | None, waiting: bool, zone: str
) -> KnownTraits:
    today = _today(customer, integration)
    accepted = AcceptedTraits.objects.filter(customer=customer).first()
    if accepted is None:
        leaving = (
            "They wait to be sent."
            if waiting
            else "They are sent before the customer's first event."
        )
        return KnownTraits(
            traits_table.table(None, today, zone),
            f"{NOT_YET} {leaving} Below is what would be sent today.",
        )
    entry = queries.accepted(customer.business_id, accepted.message_id)
    then = (entry.message or {}).get("traits") if entry else None
    traits = traits_table.table(then, today, zone)
    same = accepted.traits_hash == hash_of(today)
    sentence = traits_table.difference(traits, known=then is not None, same=same, waiting=waiting)
    if _is_elsewhere(accepted, integration):
        sentence = f"{sentence} {ELSEWHERE}"
    at = entry.settled_at if entry else accepted.occurred_at
    return KnownTraits(traits, sentence, at, entry.pk if entry else None, accepted=then is not None)


def _today(customer: Customer, integration: Integration | None) -> dict[str, Any]:
    source, values = (
        trait_sources([customer.pk])[customer.pk],
        custom_values([customer.pk]).get(customer.pk, []),
    )
    return {**build_traits(source, values, integration.birthday_field_id if integration else None)}


def _is_elsewhere(accepted: AcceptedTraits, integration: Integration | None) -> bool:
    if (
        integration is None
        or not integration.write_key
        or isinstance(integration.write_key, Unreadable)
    ):
        return False
    return accepted.destination != destination(integration.region, integration.write_key)
