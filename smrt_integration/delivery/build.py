"""Build: turn outbox rows into messages, from what was loaded for the whole round. No queries."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from customers.traits import build_traits
from events import catalogue
from events.identify import IDENTIFY
from events.models import Outcome
from events.outbox.read import RefusedBefore
from events.outbox.rows import AcceptedIdentify, OutboxRow, Refusal, SettledMessage
from smrt_integration.delivery import reduce, segment
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.destination import destination_of
from smrt_integration.delivery.load import LoadedCustomers, LoadedRound
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages

# Promoter.io starts a survey with the first track of a customer that it can write to, so tracks of
# customers who want no emails switch it off (contract, section 5).
NO_SURVEY = (("Promoter.io", False),)

UNCHANGED = "Nothing about the customer has changed since Segment last accepted their details."
DELETED = "The customer was deleted before their details could be sent."
# A failed attempt may have been accepted with older traits, and its repetition is then dropped.
# This hash equals no other, so the next identify is sent in any case.
UNCERTAIN = ""
HIDDEN_LINK = "(hidden: it opens the customer's account)"
REFUSED_BEFORE: Final = (
    "Segment refused these customer details before, and nothing about the customer has changed."
)

# Then an identify has all traits again: Segment may take now what it refused.
OMITTED_FOR: Final = timedelta(hours=24)


def build(loaded: LoadedRound) -> list[LaneMessages]:
    """Return the messages of each claimed lane, in the order of the lanes."""
    return [_build_lane(lane, loaded) for lane in loaded.lanes]


def hash_traits(traits: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(traits, sort_keys=True).encode()).hexdigest()[:32]


def leave_out(message: BuiltMessage, omitted: tuple[str, ...]) -> BuiltMessage:
    """Return this identify with these of its traits left out. Raises MessageTooLarge."""
    traits = reduce.without(message.traits, omitted)
    fields = message.fields | {"traits": traits}
    body = segment.serialized(fields)
    logged_body = body
    if "link" in traits:
        logged_body = body.replace(json.dumps(traits["link"]), json.dumps(HIDDEN_LINK))
    return replace(message, fields=fields, size=len(body), body=logged_body, omitted=omitted)


def _build_lane(lane: ClaimedLane, loaded: LoadedRound) -> LaneMessages:
    lane_messages = MessageBuilder(lane, loaded.customers).build(
        loaded.rows.get(lane.business_id, [])
    )
    lane_messages.has_more = lane.business_id in loaded.more
    return lane_messages


class MessageBuilder:
    """Builds the messages of one business."""

    def __init__(self, lane: ClaimedLane, customers: LoadedCustomers) -> None:
        self.lane = lane
        self.customers = customers
        self.destination = destination_of(lane.region, lane.write_key)
        self.with_identify: set[int] = set()
        self.result = LaneMessages(lane)

    def build(self, rows: Sequence[OutboxRow]) -> LaneMessages:
        """Build the messages of these rows. A row that cannot be built is settled as refused."""
        self.result = LaneMessages(self.lane)
        self.with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
        for row in rows:
            try:
                (self._add_identify if row.event == IDENTIFY else self._add_track)(row)
            except segment.MessageTooLarge as error:
                self._settle(row, Outcome.REJECTED, str(error))
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                reason = f"The message could not be built ({type(error).__name__})."
                self._settle(row, Outcome.REJECTED, f"{reason} Please tell support.")
        return self.result

    def _settle(self, row: OutboxRow, outcome: Outcome, reason: str) -> None:
        self.result.settled.append(SettledMessage(row, outcome, reason))
        if row.event == IDENTIFY and outcome is Outcome.REJECTED:
            self.result.refusals.append(
                Refusal(row.customer_id, row.business_id, self.destination, "", (), "", reason)
            )

    def _add_identify(self, row: OutboxRow) -> None:
        source = self.customers.trait_sources.get(row.customer_id)
        if source is None:
            self._settle(row, Outcome.SKIPPED, DELETED)
            return
        values = self.customers.custom_values.get(row.customer_id, [])
        traits: dict[str, Any] = {**build_traits(source, values, self.lane.birthday_field_id)}
        traits_hash = hash_traits(traits)
        if self._is_accepted(row.customer_id, traits_hash):
            self._settle(row, Outcome.SKIPPED, UNCHANGED)
            return
        known = self.customers.at_segment.get(row.customer_id)
        refused = known.refused_at(self.destination) if known else None
        if refused:
            self.result.refused_before.add(row.customer_id)
            if _is_refused(refused, traits_hash) and not row.attempts:
                self._settle(row, Outcome.SKIPPED, REFUSED_BEFORE)
                return
        self.result.identifies.append(
            _fitting(
                self._whole_identify(row, traits, traits_hash),
                _omitted_before(refused, row, traits) if refused else (),
            )
        )

    def _whole_identify(
        self, row: OutboxRow, traits: dict[str, Any], traits_hash: str
    ) -> BuiltMessage:
        message = segment.identify(
            row.user_id, traits, self.lane.time_zone, row.occurred_at, row.message_id
        )
        accepted = AcceptedIdentify(
            row, self.destination, UNCERTAIN if row.attempts else traits_hash
        )
        return BuiltMessage(row, message, 0, "", accepted, traits)

    def _is_accepted(self, customer_id: int, traits_hash: str) -> bool:
        """Return whether these traits are what this destination last accepted."""
        known = self.customers.at_segment.get(customer_id)
        return known is not None and (known.destination, known.traits_hash) == (
            self.destination,
            traits_hash,
        )

    def _add_track(self, row: OutboxRow) -> None:
        known = self.customers.at_segment.get(row.customer_id)
        needs_identify = False
        if known and known.destination != self.destination:
            refused = known.refused_at(self.destination)
            if refused and row.id > refused.send_up_to:
                # In their old order, they are sent once an identify was accepted, maybe this one.
                self.result.held.append(row)
                return
            needs_identify = refused is None
            if needs_identify and row.customer_id not in self.with_identify:
                # A save holds their identify locked. It must be accepted before their first event
                # is sent, so this event waits a moment.
                self.result.postponed.append(row)
                return
        properties = dict(catalogue.BY_NAME[row.event].properties(row.facts))
        message = segment.track(
            row.user_id,
            row.event,
            properties,
            self.lane.time_zone,
            row.occurred_at,
            row.message_id,
            () if known and known.reachable else NO_SURVEY,
        )
        body = segment.serialized(message)
        self.result.tracks.append(
            BuiltMessage(row, message, len(body), body, needs_identify=needs_identify)
        )


def _fitting(message: BuiltMessage, omitted: tuple[str, ...]) -> BuiltMessage:
    """Return the identify without these traits, and without more if it is too large."""
    try:
        return leave_out(message, omitted)
    except segment.MessageTooLarge as error:
        more = reduce.fitting(reduce.without(message.traits, omitted), error.excess)
        return leave_out(message, (*omitted, *more))


def _is_refused(refused: RefusedBefore, traits_hash: str) -> bool:
    """Return whether Segment refused exactly these traits, and also what can be sent of them."""
    return not refused.omitted and refused.traits_hash == traits_hash


def _omitted_before(
    refused: RefusedBefore, row: OutboxRow, traits: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return what to leave out at once: what Segment refused lately, as long as it is the same."""
    is_lately = row.occurred_at < refused.refused_at + OMITTED_FOR
    values = reduce.omitted_values(traits, refused.omitted)
    is_same = hash_traits(values) == refused.omitted_hash
    return tuple(refused.omitted) if is_lately and is_same else ()
