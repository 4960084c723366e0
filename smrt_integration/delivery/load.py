"""Load: read what waits in the claimed lanes, and what building needs of the customers.

A handful of queries for the whole round, whatever the number of businesses and events.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from customers.traits import CustomValue, TraitSource, custom_values, trait_sources
from events.destination import destination_of
from events.identify import IDENTIFY
from events.outbox import read, unanswered
from events.outbox.read import CustomerAtSegment
from events.outbox.rows import OutboxRow
from events.outbox.unanswered import Unanswered
from smrt_integration.delivery.claim import ClaimedLane

# Rows of one business in one round: the tracks of one request. More would make others wait longer.
MAX_ROWS_PER_LANE: Final = 500


@dataclass(frozen=True, slots=True)
class LoadedCustomers:
    """What building reads of the customers, by customer id.

    A customer who was deleted is missing. Traits are loaded for those with an identify only.
    """

    at_segment: Mapping[int, CustomerAtSegment]
    trait_sources: Mapping[int, TraitSource]
    custom_values: Mapping[int, list[CustomValue]]


@dataclass(frozen=True, slots=True)
class LoadedRound:
    """The claimed lanes with their rows, oldest first.

    `more` has the lanes in which more rows may wait than were loaded. `unanswered` has by message
    id what was posted of identifies that got no answer.
    """

    lanes: Sequence[ClaimedLane]
    rows: Mapping[int, list[OutboxRow]]
    more: frozenset[int]
    customers: LoadedCustomers
    unanswered: Mapping[str, Unanswered]


def load(
    lanes: Sequence[ClaimedLane], now: datetime, most_rows: int = MAX_ROWS_PER_LANE
) -> LoadedRound:
    """Read up to `most_rows` rows of each lane, live ones before bulk ones (`waiting_rows`).

    Adds an identify for each customer with waiting events whom this destination never saw.
    """
    unanswered.recover([lane.ended_lease for lane in lanes if lane.ended_lease])
    posted = unanswered.resolve(
        [lane.business_id for lane in lanes if lane.has_unanswered or lane.ended_lease], now
    )
    rows, more = read.waiting_rows(
        [(lane.business_id, lane.first_id, lane.is_first_bulk) for lane in lanes], most_rows
    )
    at_segment = read.customers_at_segment({row.customer_id for row in rows})
    rows += _missing_identifies(lanes, rows, at_segment, now)
    by_business: dict[int, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        by_business[row.business_id].append(row)
    return LoadedRound(lanes, by_business, more, _load_customers(rows, at_segment), posted)


def _load_customers(
    rows: Iterable[OutboxRow], at_segment: Mapping[int, CustomerAtSegment]
) -> LoadedCustomers:
    identified = {row.customer_id for row in rows if row.event == IDENTIFY}
    sources = trait_sources(identified) if identified else {}
    values = custom_values(sources.keys()) if sources else {}
    return LoadedCustomers(at_segment, sources, values)


def _missing_identifies(
    lanes: Iterable[ClaimedLane],
    rows: Iterable[OutboxRow],
    at_segment: Mapping[int, CustomerAtSegment],
    now: datetime,
) -> list[OutboxRow]:
    destinations = {lane.business_id: destination_of(lane.region, lane.write_key) for lane in lanes}
    business_of = {row.customer_id: row.business_id for row in rows}
    destination_by_customer = {
        customer_id: destinations[business_id] for customer_id, business_id in business_of.items()
    }
    with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
    unseen = {
        customer_id
        for customer_id, known in at_segment.items()
        if known.destination != destination_by_customer[customer_id]
    } - with_identify
    # One who was refused gets no other identify without a change. One that waits behind the rows
    # that were read is sent now: their tracks wait for it.
    refused = {
        customer_id
        for customer_id in unseen
        if at_segment[customer_id].refused_at(destination_by_customer[customer_id])
    }
    missing = {customer_id: business_of[customer_id] for customer_id in unseen - refused}
    live = {row.customer_id for row in rows if not row.is_bulk}
    return read.identifies_for(missing, now, live) + read.waiting_identifies(refused)
