"""What Segment has of a customer: the traits that it last accepted, as far as we can be certain.

The functions with a cursor run while the lane of the customers' business is locked, so that the
order of the settling transactions of one business is the order of what they write here.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from events.outbox.rows import AcceptedIdentify, PostedIdentify

UNCERTAIN: Final = ""
"""This hash equals no other, so the next identify is sent in any case."""

STORE_TRAITS: Final = """
INSERT INTO events_acceptedtraits AS a
    (customer_id, destination, traits_hash, message_id, occurred_at)
SELECT new.* FROM unnest(
    %(customers)s::bigint[], %(destinations)s::text[], %(hashes)s::text[], %(message_ids)s::text[],
    %(moments)s::timestamptz[]
) AS new (customer_id, destination, traits_hash, message_id, occurred_at)
JOIN customers_customer c ON c.id = new.customer_id AND c.id = ANY (%(customers)s)
ORDER BY new.customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    destination = EXCLUDED.destination, traits_hash = EXCLUDED.traits_hash,
    message_id = EXCLUDED.message_id, occurred_at = EXCLUDED.occurred_at
"""
MARK_UNCERTAIN: Final = f"""
UPDATE events_acceptedtraits SET traits_hash = '{UNCERTAIN}' WHERE customer_id = ANY (%s)
"""
FIND_HASHES: Final = """
SELECT customer_id, destination, traits_hash FROM events_acceptedtraits WHERE customer_id = ANY (%s)
"""


def hash_traits(traits: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(traits, sort_keys=True).encode()).hexdigest()[:32]


def store(cursor: Any, identifies: Sequence[AcceptedIdentify]) -> None:
    """Store the traits that Segment has now."""
    if not identifies:
        return
    params = {
        "customers": [i.row.customer_id for i in identifies],
        "destinations": [i.destination for i in identifies],
        "hashes": [i.traits_hash for i in identifies],
        "message_ids": [i.row.message_id for i in identifies],
        "moments": [i.row.occurred_at for i in identifies],
    }
    cursor.execute(STORE_TRAITS, params)


def mark_uncertain(cursor: Any, customer_ids: Collection[int]) -> None:
    """Note that Segment may have other traits of these customers than it last accepted."""
    if customer_ids:
        cursor.execute(MARK_UNCERTAIN, [list(customer_ids)])


def differing(cursor: Any, identifies: Sequence[PostedIdentify]) -> list[PostedIdentify]:
    """Return those whose traits are not the ones that their destination last accepted."""
    if not identifies:
        return []
    cursor.execute(FIND_HASHES, [[posted.row.customer_id for posted in identifies]])
    accepted = {customer_id: tuple(known) for customer_id, *known in cursor.fetchall()}
    return [
        posted
        for posted in identifies
        if accepted.get(posted.row.customer_id) != (posted.destination, posted.traits_hash)
    ]
