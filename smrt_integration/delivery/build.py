"""Build: turn outbox rows into messages, from what was loaded for the whole round. No queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from customers.traits import build_traits
from events import catalogue
from events.backfilled import is_backfilled
from events.destination import destination_of
from events.identify import IDENTIFY
from events.models import Outcome
from events.outbox.accepted_traits import UNCERTAIN, hash_traits
from events.outbox.read import RefusedBefore
from events.outbox.rows import AcceptedIdentify, OutboxRow, Refusal, SettledMessage
from events.outbox.unanswered import Unanswered, settled_without_answer
from events.utf8_json import to_json
from smrt_integration.delivery import reduce, segment
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.load import LoadedCustomers, LoadedRound
from smrt_integration.delivery.messages import BuiltMessage, LaneMessages

# Promoter.io starts a survey with the first track of a customer that it can write to, so backfilled
# tracks, and those of customers who want no emails, switch it off (contract, section 5).
NO_SURVEY = (("Promoter.io", False),)

UNCHANGED = "Nothing about the customer has changed since Segment last accepted their details."
DELETED = "The customer was deleted before their details could be sent."
CHANGED_SINCE = (
    "Segment did not answer when this was sent, so Segment may have it. "
    "The customer's details have changed since and are sent anew in a later message."
)
HIDDEN_LINK = "(hidden: it opens the customer's account)"
REFUSED_BEFORE: Final = (
    "Segment refused these customer details before, and nothing about the customer has changed."
)

# Then an identify has all traits again: Segment may take now what it refused.
OMITTED_FOR: Final = timedelta(hours=24)


def build(loaded: LoadedRound) -> list[LaneMessages]:
    """Return the messages of each claimed lane, in the order of the lanes."""
    return [_build_lane(lane, loaded) for lane in loaded.lanes]


def leave_out(message: BuiltMessage, omitted: tuple[str, ...]) -> BuiltMessage:
    """Return this identify with these of its traits left out. Raises MessageTooLarge."""
    traits = reduce.without(message.traits, omitted)
    fields = message.fields | {"traits": traits}
    wire = segment.serialized(fields)
    body = wire.decode()
    if "link" in traits:
        body = body.replace(to_json(traits["link"]), to_json(HIDDEN_LINK))
    return replace(message, fields=fields, wire=wire, body=body, omitted=omitted)


def _build_lane(lane: ClaimedLane, loaded: LoadedRound) -> LaneMessages:
    builder = MessageBuilder(lane, loaded.customers, loaded.unanswered)
    lane_messages = builder.build(loaded.rows.get(lane.business_id, []))
    lane_messages.has_more = lane.business_id in loaded.more
    return lane_messages


class MessageBuilder:
    """Builds the messages of one business."""

    def __init__(
        self,
        lane: ClaimedLane,
        customers: LoadedCustomers,
        unanswered: Mapping[str, Unanswered] = MappingProxyType({}),
    ) -> None:
        self.lane = lane
        self.customers = customers
        self.unanswered = unanswered
        self.destination = destination_of(lane.region, lane.write_key)
        self.with_identify: set[int] = set()
        self.result = LaneMessages(lane)

    def build(self, rows: Sequence[OutboxRow]) -> LaneMessages:
        """Build the messages of these rows. A row that cannot be built is settled as refused."""
        self.result = LaneMessages(self.lane)
        # A customer's events are sent only after their identify, so identifies are built first.
        for row in rows:
            if row.event == IDENTIFY:
                self._add(row, self._add_identify)
        # Those whose identify is recorded again wait for the next round.
        later = {row.customer_id for row in self.result.identify_again}
        self.result.live_customers = frozenset(row.customer_id for row in rows if not row.is_bulk)
        self.with_identify = {row.customer_id for row in rows if row.event == IDENTIFY}
        for row in rows:
            if row.event != IDENTIFY and row.customer_id not in later:
                self._add(row, self._add_track)
        return self.result

    def _add(self, row: OutboxRow, add: Callable[[OutboxRow], None]) -> None:
        try:
            add(row)
        except segment.MessageTooLarge as error:
            self._settle(row, Outcome.REJECTED, str(error))
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            reason = f"The message could not be built ({type(error).__name__})."
            self._settle(row, Outcome.REJECTED, f"{reason} Please tell support.")

    def _settle(self, row: OutboxRow, outcome: Outcome, reason: str) -> None:
        self.result.settled.append(settled_without_answer(row, outcome, reason))
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
        posted = self.unanswered.get(row.message_id)
        if posted and posted.traits_hash not in (UNCERTAIN, traits_hash):
            # Under the same id, Segment would drop the newer traits as a duplicate.
            self._identify_again(row, posted)
            return
        if self._is_accepted(row.customer_id, traits_hash) and not row.attempts and not posted:
            self._settle(row, Outcome.SKIPPED, UNCHANGED)
            return
        known = self.customers.at_segment.get(row.customer_id)
        refused = known.refused_at(self.destination) if known else None
        if refused:
            self.result.refused_before.add(row.customer_id)
            if _is_refused(refused, traits_hash) and not row.attempts:
                self._settle(row, Outcome.SKIPPED, REFUSED_BEFORE)
                return
        # An attempt that failed may have been accepted with older traits, and its repetition is
        # then dropped.
        is_certain = posted.traits_hash == traits_hash if posted else not row.attempts
        whole = BuiltMessage(
            row,
            segment.identify(
                row.user_id, traits, self.lane.time_zone, row.occurred_at, row.message_id
            ),
            b"",
            "",
            AcceptedIdentify(row, self.destination, traits_hash if is_certain else UNCERTAIN),
            traits,
            traits_hash=traits_hash,
            was_unanswered=posted is not None or row.unanswered_at is not None,
        )
        omitted = _omitted_before(refused, row, traits) if refused else ()
        self.result.identifies.append(_fitting(whole, omitted))

    def _identify_again(self, row: OutboxRow, posted: Unanswered) -> None:
        earlier = replace(row, attempts=max(0, row.attempts - 1))
        self.result.settled.append(
            SettledMessage(
                earlier, Outcome.UNCONFIRMED, CHANGED_SINCE, posted.body, posted.posted_at
            )
        )
        self.result.identify_again.append(row)

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
        properties = catalogue.properties_of(row.event, row.facts)
        may_start_surveys = known and known.reachable and not is_backfilled(row.facts)
        message = segment.track(
            row.user_id,
            row.event,
            properties,
            self.lane.time_zone,
            row.occurred_at,
            row.message_id,
            () if may_start_surveys else NO_SURVEY,
        )
        wire = segment.serialized(message)
        self.result.tracks.append(
            BuiltMessage(
                row,
                message,
                wire,
                wire.decode(),
                needs_identify=needs_identify,
                was_unanswered=row.unanswered_at is not None,
            )
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
