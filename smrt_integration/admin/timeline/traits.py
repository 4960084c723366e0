"""A customer's traits as Segment last accepted them, and as they are now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from customers.business_clock import BusinessClock
from customers.models import Customer
from customers.traits import build_traits, custom_values, trait_sources
from events.destination import destination_of
from events.encryption import Unreadable
from events.models import AcceptedTraits, Integration, RefusedTraits
from events.outbox.accepted_traits import hash_traits
from events.timeline import queries, traits_table
from events.timeline.traits_table import TraitRow

NOT_YET: Final = "Segment does not have this customer's details yet."
REFUSED: Final = "It refused them, so the customer's events wait until it accepts them."
OTHER_SOURCE: Final = (
    "A source that you used before has these details. Your current source gets them before the "
    "customer's next event."
)


@dataclass(frozen=True, slots=True)
class KnownTraits:
    """`at`: when Segment accepted them; None if it never did or we no longer know."""

    traits: list[TraitRow]
    sentence: str
    at: datetime | None = None
    entry_id: int | None = None
    accepted: bool = False


def known_traits(
    customer: Customer, integration: Integration | None, waiting: bool, clock: BusinessClock
) -> KnownTraits:
    today = _today(customer, integration)
    accepted = AcceptedTraits.objects.filter(customer=customer).first()
    if accepted is None:
        when = "We send them before the customer's first event."
        if waiting:
            when = "They are waiting to be sent."
        elif RefusedTraits.objects.filter(customer=customer).exists():
            when = REFUSED
        return KnownTraits(
            traits_table.trait_table(None, today, clock),
            f"{NOT_YET} {when} Below is what we would send today.",
        )
    entry = queries.accepted_identify(customer, accepted.message_id)
    then = (entry.message or {}).get("traits") if entry else None
    traits = traits_table.trait_table(then, today, clock)
    same = accepted.traits_hash == hash_traits(today)
    sentence = traits_table.difference(
        traits, is_logged=then is not None, is_same=same, is_waiting=waiting
    )
    if _is_other_source(accepted, integration):
        sentence = f"{sentence} {OTHER_SOURCE}"
    if entry and entry.reason:
        # some details were left out
        sentence = f"{sentence} {entry.reason}"
    at = entry.settled_at if entry else accepted.occurred_at
    return KnownTraits(traits, sentence, at, entry.pk if entry else None, accepted=then is not None)


def _today(customer: Customer, integration: Integration | None) -> dict[str, Any]:
    source = trait_sources([customer.pk])[customer.pk]
    values = custom_values([customer.pk]).get(customer.pk, [])
    return {**build_traits(source, values, integration.birthday_field_id if integration else None)}


def _is_other_source(accepted: AcceptedTraits, integration: Integration | None) -> bool:
    if (
        integration is None
        or not integration.write_key
        or isinstance(integration.write_key, Unreadable)
    ):
        return False
    return accepted.destination != destination_of(integration.region, integration.write_key)
