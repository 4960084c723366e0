"""First sync: send an identify of each customer whose details Segment does not have yet.

Only the owner starts it. What Segment accepted is remembered per customer and destination
(`AcceptedTraits`), and what waits is in the outbox. So a sync that runs again sends only what
Segment does not have, and with a new write key all customers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from customers.by_index import by_index
from customers.traits import build_traits, custom_values, trait_sources
from events import wake
from events.identify import IDENTIFY
from events.jobs.control import open_job
from events.jobs.feed import ending, feeding, lock_ready
from events.models import Integration, Request
from events.outbox.accepted_traits import hash_traits
from events.outbox.lane_order import MAX_ID
from events.outbox.record import record_from_query

PREVIEWED: Final = 5
EXAMPLES_AMONG: Final = 2_000
"""Customers among whom a page looks for examples, newest first."""

CUSTOMERS_GLANCED_AT: Final = 5_000
"""It takes some milliseconds. Most businesses have fewer customers."""

OF_BUSINESS: Final = """
(c.business_id, c.id) > (%(business_id)s, %(after)s)
    AND (c.business_id, c.id) <= (%(business_id)s, %(up_to)s::bigint)
"""
# Each customer is looked up by a key: see `by_index`.
COUNT_CUSTOMERS: Final = f"""
SELECT count(*), count(a.customer_id), max(c.id) FROM customers_customer c
LEFT JOIN events_acceptedtraits a
    ON a.customer_id = c.id AND a.destination = %(destination)s
WHERE {OF_BUSINESS}
"""
COUNT_NEWEST: Final = f"""
SELECT count(*), count(a.customer_id) FROM (
    SELECT c.id FROM customers_customer c WHERE {OF_BUSINESS}
    ORDER BY c.business_id DESC, c.id DESC LIMIT %(limit)s
) c
LEFT JOIN events_acceptedtraits a
    ON a.customer_id = c.id AND a.destination = %(destination)s
"""
AT_SEGMENT: Final = f"""
SELECT c.id, a.traits_hash, r.traits_hash, waiting.id IS NOT NULL FROM customers c
LEFT JOIN events_acceptedtraits a
    ON a.customer_id = c.id AND a.destination = %(destination)s
LEFT JOIN events_refusedtraits r
    ON r.customer_id = c.id AND r.destination = %(destination)s
LEFT JOIN LATERAL (
    SELECT o.id FROM events_outgoing o WHERE o.customer_id = c.id AND o.event = '{IDENTIFY}' LIMIT 1
) waiting ON TRUE
ORDER BY c.id
"""
NEXT_TO_SYNC: Final = f"""
WITH customers AS MATERIALIZED (
    SELECT c.business_id, c.id FROM customers_customer c WHERE {OF_BUSINESS}
    ORDER BY c.business_id, c.id LIMIT %(limit)s
) {AT_SEGMENT}
"""
THESE_TO_SYNC: Final = f"""
WITH customers AS MATERIALIZED (
    SELECT c.business_id, c.id FROM unnest(%(customers)s::bigint[]) AS given (id)
    CROSS JOIN LATERAL (
        SELECT known.business_id, known.id FROM customers_customer known
        WHERE known.id = given.id AND known.business_id = %(business_id)s OFFSET 0
    ) c
) {AT_SEGMENT}
"""
NEWEST_TO_SYNC: Final = f"""
WITH customers AS MATERIALIZED (
    SELECT c.business_id, c.id FROM customers_customer c WHERE {OF_BUSINESS}
    ORDER BY c.business_id DESC, c.id DESC LIMIT %(limit)s
) {AT_SEGMENT} DESC
"""
IDENTIFY_THESE: Final = f"""
occurrences AS (
    SELECT %(business_id)s::bigint AS business_id, given.id AS customer_id, '{IDENTIFY}' AS event,
        given.id AS subject_id, %(now)s::timestamptz AS occurred_at, '{{}}'::jsonb AS facts
    FROM unnest(%(customers)s::bigint[]) AS given (id)
)
"""


class KnownCustomer(NamedTuple):
    """What a destination has of a customer.

    Hashes of the traits that it accepted and refused last, None without any, and whether an
    identify waits.
    """

    id: int
    accepted: str | None
    refused: str | None
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class SyncOffer:
    """What a sync would mean: how many customers there are, and how many Segment knows.

    `newest_id` is the customer up to whom the sync goes.
    """

    customers: int
    known: int
    newest_id: int

    @property
    def unknown(self) -> int:
        return self.customers - self.known


def read_offer(integration: Integration) -> SyncOffer:
    """Count the customers: about a second for a million."""
    with by_index() as cursor:
        cursor.execute(COUNT_CUSTOMERS, _all_customers(integration))
        customers, known, newest_id = cursor.fetchone()
    return SyncOffer(customers, known, newest_id or 0)


def glance(integration: Integration) -> SyncOffer:
    """Count among the newest CUSTOMERS_GLANCED_AT customers, for a page that is read often."""
    with by_index() as cursor:
        cursor.execute(COUNT_NEWEST, {**_all_customers(integration), "limit": CUSTOMERS_GLANCED_AT})
        customers, known = cursor.fetchone()
    return SyncOffer(customers, known, newest_id=0)


def examples(integration: Integration) -> list[int]:
    """Return ids of up to PREVIEWED customers whom a sync would send, newest first."""
    with by_index() as cursor:
        cursor.execute(NEWEST_TO_SYNC, {**_all_customers(integration), "limit": EXAMPLES_AMONG})
        newest = [KnownCustomer(*row) for row in cursor.fetchall()]
    return _to_send(newest, integration)[:PREVIEWED]


@transaction.atomic
def request_sync(business_id: int, by: Any, now: datetime) -> Request | None:
    """Queue a sync of all customers that exist now.

    Returns the open sync if there is one, and None if the integration is switched off, has no
    readable write key, or there is no customer.
    """
    integration = lock_ready(business_id)
    if integration is None:
        return None
    if job := open_job(business_id, Request.Kind.SYNC):
        return job
    offer = read_offer(integration)
    if not offer.customers:
        return None
    job = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.SYNC,
        requested_by=by,
        requested_at=now,
        matching={"destination": integration.destination, "up_to": offer.newest_id},
        expected=offer.customers,
    )
    wake.run_jobs_after_commit()
    return job


def sync_chunk(job: Request, now: datetime) -> bool:
    """Record identifies of the next customers. Returns whether the job is finished.

    `done` counts the identifies, `passed_over` the customers whose details Segment has or gets
    anyway.
    """
    with ending(job), feeding(job) as (integration, limit):
        customers = _next_customers(job, limit)
        if not customers:
            return True
        recorded = _identify(customers, integration, now)
        job.done += recorded
        job.passed_over += len(customers) - recorded
        job.position = {"after": customers[-1].id}
    return bool(job.ended_because)


def identify_unknown(integration: Integration, customer_ids: list[int], now: datetime) -> int:
    """Record identifies of those of these customers whose details Segment does not have.

    Call it while the integration is locked. Returns the number recorded.
    """
    params = {**_all_customers(integration), "customers": customer_ids}
    with connection.cursor() as cursor:
        cursor.execute(THESE_TO_SYNC, params)
        customers = [KnownCustomer(*row) for row in cursor.fetchall()]
    return _identify(customers, integration, now)


def _identify(customers: Iterable[KnownCustomer], integration: Integration, now: datetime) -> int:
    to_send = _to_send(customers, integration)
    params = {"business_id": integration.pk, "customers": to_send, "now": now}
    return record_from_query(IDENTIFY_THESE, params) if to_send else 0


def _all_customers(integration: Integration) -> dict[str, Any]:
    return {
        "business_id": integration.pk,
        "after": 0,
        "up_to": MAX_ID,
        "destination": integration.destination,
    }


def _next_customers(job: Request, limit: int) -> list[KnownCustomer]:
    params = {
        "business_id": job.business_id,
        "after": job.position.get("after", 0),
        "up_to": job.matching["up_to"],
        "destination": job.matching["destination"],
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEXT_TO_SYNC, params)
        return [KnownCustomer(*row) for row in cursor.fetchall()]


def _to_send(customers: Iterable[KnownCustomer], integration: Integration) -> list[int]:
    """Return the ids of those whose details Segment neither has, nor refused, nor gets anyway."""
    may_differ = [customer for customer in customers if not customer.is_waiting]
    known = [c.id for c in may_differ if c.accepted is not None or c.refused is not None]
    hashes = dict(_hashes(known, integration.birthday_field_id)) if known else {}
    return [
        customer.id
        for customer in may_differ
        if customer.id not in hashes
        or hashes[customer.id] not in (customer.accepted, customer.refused)
    ]


def _hashes(customer_ids: list[int], birthday_field_id: int | None) -> Iterator[tuple[int, str]]:
    values = custom_values(customer_ids)
    for customer_id, source in trait_sources(customer_ids).items():
        traits = build_traits(source, values.get(customer_id, []), birthday_field_id)
        yield customer_id, hash_traits({**traits})
