"""Hold: say which tracks wait for an identify of their customer, and what was refused. Pure."""

from collections.abc import Iterable, Iterator

from events.identify import IDENTIFY
from events.outbox.accepted_traits import hash_traits
from events.outbox.rows import HeldWork, Refusal
from smrt_integration.delivery import reduce
from smrt_integration.delivery.messages import BuiltMessage
from smrt_integration.delivery.post import LaneResult
from smrt_integration.delivery.responses import Response

RefusedMessage = tuple[BuiltMessage, Response]


def add_held(work: HeldWork, result: LaneResult, refused: Iterable[RefusedMessage]) -> None:
    """Add to `work` what this lane's posts mean for refused customers.

    `refused` are the messages that are settled as refused. While the write key may be what Segment
    refuses, there are none, and nothing is held.
    """
    messages = result.lane_messages
    refusals = [
        *messages.refusals,
        *_refusals(refused, is_accepted=False),
        *_refusals(result.reduced, is_accepted=True),
    ]
    identifies = [message for message in result.accepted if message.accepted_identify]
    identified = {message.row.customer_id for message in identifies}
    refused_customers = {refusal.customer_id for refusal in refusals} - identified
    work.refusals += refusals
    work.to_hold += messages.held
    work.to_hold += [
        track.row
        for track in messages.tracks
        if track.needs_identify and track.row.customer_id in refused_customers
    ]
    work.identified += sorted(identified & messages.refused_before)
    work.accepted_whole += [
        message.row.customer_id
        for message in identifies
        if message.row.customer_id in messages.refused_before and not message.omitted
    ]


def _refusals(refused: Iterable[RefusedMessage], *, is_accepted: bool) -> Iterator[Refusal]:
    """Return what was refused of each identify.

    `is_accepted`: the traits that are not omitted were accepted.
    """
    for message, response in refused:
        if message.row.event != IDENTIFY or not message.accepted_identify:
            continue
        omitted = message.omitted if is_accepted else ()
        yield Refusal(
            message.row.customer_id,
            message.row.business_id,
            message.accepted_identify.destination,
            hash_traits(message.traits),
            omitted,
            hash_traits(reduce.omitted_values(message.traits, omitted)),
            response.error,
        )
