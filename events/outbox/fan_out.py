"""A brand, agent, group, discount or custom field was changed: the customers who show it need an identify.

They may be a hundred thousand, so the request that changes the row writes one row itself, and a worker spreads it in portions.
"""

from contextlib import suppress
from datetime import datetime

from django.db import connection
from django.utils import timezone

from events.models import TraitChange
from events.outbox.lock_timeout import LockTimeout, lock_timeout
from events.outbox.record import record_found

# How customers refer to the changed row. `c` is the customer.
CONCERNED: dict[str, str] = {
    "agent": "c.agent_id = %(related_id)s",
    "brand": "c.brand_id = %(related_id)s",
    "business": "TRUE",
    "custom_field": "EXISTS (SELECT FROM customers_customfieldvalue v WHERE v.customer_id = c.id AND v.field_id = %(related_id)s)",
    "discount": "c.discount_id = %(related_id)s",
    "group": "c.group_id = %(related_id)s",
}

# Only customers Segment knows, or is about to: the others are identified with fresh traits when they first do something, and each
# identify is billed. Waiting rows count in one snapshot with accepted ones, so an identify in flight is not overlooked.
KNOWN = """
    WHERE EXISTS (SELECT FROM events_acceptedtraits a WHERE a.customer_id = p.id)
       OR p.id IN (SELECT o.customer_id FROM events_outgoing o WHERE o.business_id = %(business_id)s)
"""
FIND = """
portion AS MATERIALIZED (
    SELECT c.id, c.business_id FROM customers_customer c
    WHERE c.business_id = %(business_id)s AND c.id > %(after_id)s AND {concerned}
    ORDER BY c.id LIMIT %(portion)s
), moved AS (
    UPDATE events_traitchange SET after_id = (SELECT max(id) FROM portion) WHERE id = %(id)s AND EXISTS (SELECT FROM portion)
), found AS (
    SELECT p.business_id, p.id AS customer_id, 'identify' AS event, p.id AS subject_id,
           %(occurred_at)s::timestamptz AS occurred_at, '{{}}'::jsonb AS facts
    FROM portion p
    {known}
)
"""
GIVEN = """
portion AS (
    SELECT c.id, c.business_id FROM customers_customer c WHERE c.business_id = %(business_id)s AND c.id = ANY (%(customer_ids)s)
), found AS (
    SELECT p.business_id, p.id AS customer_id, 'identify' AS event, p.id AS subject_id,
           %(occurred_at)s::timestamptz AS occurred_at, '{{}}'::jsonb AS facts
    FROM portion p
    {known}
)
"""

# One portion's identifies are written in well under a second; a counter saving one of these customers waits no longer than that.
PORTION = 2_000
# Also what a worker loses at a change that cannot be spread now.
PATIENCE = "500ms"


def request_fan_out(business_id: int, relation: str, related_id: int) -> None:
    """Note, in the changing transaction, that the customers who refer to this row must be told. Nothing for a business that is off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_traitchange (business_id, relation, related_id, occurred_at, after_id) "
            "SELECT i.business_id, %s, %s, %s, 0 FROM events_integration i WHERE i.business_id = %s AND i.enabled",
            [relation, related_id, timezone.now(), business_id],
        )


def identify_known(business_id: int, customer_ids: list[int], now: datetime) -> int:
    """Record an identify for those of these customers whom Segment knows."""
    params = {"business_id": business_id, "customer_ids": customer_ids, "occurred_at": now}
    return record_found(GIVEN.format(known=KNOWN), params) if customer_ids else 0


def fan_out_all() -> int:
    """Spread what waits, oldest first. Answers in how many portions. A change of customers whom a save holds for long waits for the
    next time, and keeps no other change waiting."""
    return sum(
        _fan_out(change_id)
        for change_id in TraitChange.objects.order_by("id").values_list("id", flat=True)
    )


def _fan_out(change_id: int) -> int:
    portions = 0
    with suppress(LockTimeout):
        while fan_out_chunk(change_id):
            portions += 1
    return portions


def fan_out_chunk(change_id: int) -> bool:
    """False when nothing is left of the change, or another worker is at it. Raises Locked."""
    with lock_timeout(PATIENCE):
        change = (
            TraitChange.objects.select_for_update(skip_locked=True).filter(pk=change_id).first()
        )
        if change is None:
            return False
        after = change.after_id
        record_found(
            FIND.format(concerned=CONCERNED[change.relation], known=KNOWN), _params(change)
        )
        change.refresh_from_db(fields=["after_id"])
        if change.after_id == after:
            change.delete()
    return True


def _params(change: TraitChange) -> dict[str, object]:
    return {
        "id": change.pk,
        "business_id": change.business_id,
        "related_id": change.related_id,
        "after_id": change.after_id,
        "occurred_at": change.occurred_at,
        "portion": PORTION,
    }
