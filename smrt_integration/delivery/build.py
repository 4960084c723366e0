"""From rows to messages: a handful of queries for the whole round, whatever the number of businesses and events."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from customers.traits import CustomValue, TraitSource, build_traits, custom_values, trait_sources
from events import catalogue
from events.models import AcceptedTraits, Outcome
from events.models.waiting import IDENTIFY
from events.outbox import read
from events.outbox.settle import Known, Settled, Waiting, as_json
from smrt_integration.delivery import segment
from smrt_integration.delivery.claim import Claimed
from smrt_integration.delivery.parcels import Load, Parcel

# Rows of one business in one round: what fits in one request of tracks, so that a backlog goes in steps and others get their turn.
MOST_ROWS = 500

# Promoter.io starts a survey with the first track of somebody it can write to (contract, section 5).
NO_SURVEY = {"Promoter.io": False}

UNCHANGED = "Nothing about the customer has changed since Segment last accepted their details."
DELETED = "The customer was deleted before their details could be sent."
HIDDEN_LINK = "(hidden: it opens the customer's account)"

Accepted = Mapping[int, tuple[str, str]]


def load(lanes: Sequence[Claimed], now: datetime) -> list[Load]:
    """What waits for these lanes, built and ready to post."""
    rows = read.waiting([(lane.business_id, lane.first_id) for lane in lanes], MOST_ROWS)
    accepted = _accepted({row.customer_id for row in rows})
    rows += _identifies_first(lanes, rows, accepted, now)
    identified = {row.customer_id for row in rows if row.event == IDENTIFY}
    sources = trait_sources({row.customer_id for row in rows})
    values = custom_values(identified & sources.keys())
    by_business: dict[int, list[Waiting]] = defaultdict(list)
    for row in rows:
        by_business[row.business_id].append(row)
    return [_Builder(lane, sources, values, accepted).load(by_business[lane.business_id]) for lane in lanes]


def destination(region: str, write_key: str) -> str:
    """Fingerprint of where a business's events go."""
    return hashlib.sha256(f"{region}:{write_key}".encode()).hexdigest()[:16]


def hash_of(traits: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(traits, sort_keys=True).encode()).hexdigest()[:32]


def _accepted(customer_ids: set[int]) -> Accepted:
    """Per customer the destination that last accepted their traits, and the hash of these."""
    found = AcceptedTraits.objects.filter(customer_id__in=customer_ids).values_list("customer_id", "destination", "traits_hash")
    return {customer_id: (place, traits_hash) for customer_id, place, traits_hash in found}


def _identifies_first(lanes: Iterable[Claimed], rows: Iterable[Waiting], accepted: Accepted, now: datetime) -> list[Waiting]:
    """The identifies of customers whose events wait but whom this destination never saw."""
    places = {lane.business_id: destination(lane.region, lane.write_key) for lane in lanes}
    with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
    unseen = {row.customer_id for row in rows if accepted.get(row.customer_id, ("", ""))[0] != places[row.business_id]} - with_identify
    return read.identifies_for(unseen, now)


class _Builder:
    """Builds one business's load from what was fetched for all."""

    def __init__(
        self, lane: Claimed, sources: Mapping[int, TraitSource], values: Mapping[int, list[CustomValue]], accepted: Accepted
    ) -> None:
        self.lane = lane
        self.sources = sources
        self.values = values
        self.accepted = accepted
        self.destination = destination(lane.region, lane.write_key)
        self.with_identify: set[int] = set()
        self.result = Load(lane)

    def load(self, rows: Sequence[Waiting]) -> Load:
        self.with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
        for row in rows:
            try:
                (self._identify if row.event == IDENTIFY else self._track)(row)
            except segment.TooLarge as problem:
                self._settle(row, Outcome.REJECTED, str(problem))
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                self._settle(row, Outcome.REJECTED, f"The message could not be built ({type(error).__name__}). Please tell support.")
        return self.result

    def _identified(self, customer_id: int) -> bool:
        return customer_id in self.with_identify or self.accepted.get(customer_id, ("", ""))[0] == self.destination

    def _settle(self, row: Waiting, outcome: Outcome, reason: str) -> None:
        self.result.settled.append(Settled(row, outcome, reason))

    def _identify(self, row: Waiting) -> None:
        source = self.sources.get(row.customer_id)
        if source is None:
            self._settle(row, Outcome.SKIPPED, DELETED)
            return
        traits: dict[str, Any] = {**build_traits(source, self.values.get(row.customer_id, []), self.lane.birthday_field_id)}
        known = Known(row, self.destination, hash_of(traits))
        if self.accepted.get(row.customer_id) == (known.destination, known.traits_hash):
            self._settle(row, Outcome.SKIPPED, UNCHANGED)
            return
        message = segment.identify(row.user_id, traits, self.lane.time_zone, row.occurred_at, row.message_id)
        shown = message | {"traits": message["traits"] | {"link": HIDDEN_LINK}}
        self.result.identifies.append(Parcel(row, message, len(as_json(message)), as_json(shown), known))

    def _track(self, row: Waiting) -> None:
        source = self.sources.get(row.customer_id)
        if source is not None and not self._identified(row.customer_id):
            # a save is just changing their identify; they are identified before their first event leaves, so it waits a moment
            self.result.held.append(row)
            return
        properties = dict(catalogue.BY_NAME[row.event].properties(row.facts))
        surveys = source is not None and bool(source.email) and source.receive_emails
        message = segment.track(
            row.user_id, row.event, properties, self.lane.time_zone, row.occurred_at, row.message_id, {} if surveys else dict(NO_SURVEY)
        )
        body = as_json(message)
        self.result.tracks.append(Parcel(row, message, len(body), body))
