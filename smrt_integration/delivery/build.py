"""From rows to messages: a handful of queries for the whole round, whatever the number of businesses and events."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from customers.traits import CustomValue, TraitSource, build_traits, custom_values, trait_sources
from events import catalogue
from events.identify import IDENTIFY
from events.models import Outcome
from events.outbox import read
from events.outbox.read import CustomerAtSegment
from events.outbox.rows import AcceptedIdentify, OutboxRow, SettledMessage
from smrt_integration.delivery import segment
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages

# Rows of one business in one round: what fits in one request of tracks, so that a backlog goes in steps and others get their turn.
MOST_ROWS = 500

# Promoter.io starts a survey with the first track of somebody it can write to (contract, section 5).
NO_SURVEY = (("Promoter.io", False),)

UNCHANGED = "Nothing about the customer has changed since Segment last accepted their details."
DELETED = "The customer was deleted before their details could be sent."
# An attempt that failed may have been taken all the same, with the traits of then, and its repetition dropped: so the next identify
# leaves in any case.
UNCERTAIN = ""
HIDDEN_LINK = "(hidden: it opens the customer's account)"


def load(
    lanes: Sequence[ClaimedLane], now: datetime, most_rows: int = MOST_ROWS
) -> list[LaneMessages]:
    """What waits for these lanes, at most so many rows of each, built and ready to post."""
    rows = read.waiting_rows([(lane.business_id, lane.first_id) for lane in lanes], most_rows)
    found = Counter(row.business_id for row in rows)
    standings = read.customers_at_segment({row.customer_id for row in rows})
    rows += _identifies_first(lanes, rows, standings, now)
    identified = {row.customer_id for row in rows if row.event == IDENTIFY}
    sources = trait_sources(identified) if identified else {}
    values = custom_values(sources.keys()) if sources else {}
    by_business: dict[int, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        by_business[row.business_id].append(row)
    loads = [
        MessageBuilder(lane, standings, sources, values).load(by_business[lane.business_id])
        for lane in lanes
    ]
    for load in loads:
        load.more = found[load.lane.business_id] == most_rows
    return loads


def destination(region: str, write_key: str) -> str:
    """Fingerprint of where a business's events go."""
    return hashlib.sha256(f"{region}:{write_key}".encode()).hexdigest()[:16]


def hash_of(traits: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(traits, sort_keys=True).encode()).hexdigest()[:32]


def _identifies_first(
    lanes: Iterable[ClaimedLane],
    rows: Iterable[OutboxRow],
    standings: Mapping[int, CustomerAtSegment],
    now: datetime,
) -> list[OutboxRow]:
    """The identifies of customers whose events wait but whom this destination never saw."""
    places = {lane.business_id: destination(lane.region, lane.write_key) for lane in lanes}
    with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
    places_of = {row.customer_id: places[row.business_id] for row in rows}
    unseen = {
        customer
        for customer, standing in standings.items()
        if standing.destination != places_of[customer]
    } - with_identify
    return read.identifies_for(unseen, now)


class MessageBuilder:
    """Builds one business's load from what was fetched for all."""

    def __init__(
        self,
        lane: ClaimedLane,
        standings: Mapping[int, CustomerAtSegment],
        sources: Mapping[int, TraitSource],
        values: Mapping[int, list[CustomValue]],
    ) -> None:
        self.lane = lane
        self.standings = standings
        self.sources = sources
        self.values = values
        self.destination = destination(lane.region, lane.write_key)
        self.with_identify: set[int] = set()
        self.result = LaneMessages(lane)

    def load(self, rows: Sequence[OutboxRow]) -> LaneMessages:
        self.with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
        for row in rows:
            try:
                (self._identify if row.event == IDENTIFY else self._track)(row)
            except segment.MessageTooLarge as problem:
                self._settle(row, Outcome.REJECTED, str(problem))
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                self._settle(
                    row,
                    Outcome.REJECTED,
                    f"The message could not be built ({type(error).__name__}). Please tell support.",
                )
        return self.result

    def _settle(self, row: OutboxRow, outcome: Outcome, reason: str) -> None:
        self.result.settled.append(SettledMessage(row, outcome, reason))

    def _identify(self, row: OutboxRow) -> None:
        source = self.sources.get(row.customer_id)
        if source is None:
            self._settle(row, Outcome.SKIPPED, DELETED)
            return
        traits: dict[str, Any] = {
            **build_traits(
                source, self.values.get(row.customer_id, []), self.lane.birthday_field_id
            )
        }
        traits_hash = hash_of(traits)
        standing = self.standings.get(row.customer_id)
        if standing and (standing.destination, standing.traits_hash) == (
            self.destination,
            traits_hash,
        ):
            self._settle(row, Outcome.SKIPPED, UNCHANGED)
            return
        message = segment.identify(
            row.user_id, traits, self.lane.time_zone, row.occurred_at, row.message_id
        )
        body = segment.serialized(message)
        shown = body.replace(json.dumps(traits["link"]), json.dumps(HIDDEN_LINK))
        known = AcceptedIdentify(row, self.destination, UNCERTAIN if row.attempts else traits_hash)
        self.result.identifies.append(BuiltMessage(row, message, len(body), shown, known))

    def _track(self, row: OutboxRow) -> None:
        standing = self.standings.get(row.customer_id)
        if (
            standing
            and standing.destination != self.destination
            and row.customer_id not in self.with_identify
        ):
            # a save is just changing their identify; they are identified before their first event leaves, so it waits a moment
            self.result.held.append(row)
            return
        properties = dict(catalogue.BY_NAME[row.event].properties(row.facts))
        integrations = () if standing and standing.reachable else NO_SURVEY
        message = segment.track(
            row.user_id,
            row.event,
            properties,
            self.lane.time_zone,
            row.occurred_at,
            row.message_id,
            integrations,
        )
        body = segment.serialized(message)
        self.result.tracks.append(BuiltMessage(row, message, len(body), body))
