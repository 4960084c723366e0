"""Create customers that Segment knows: it accepted their traits."""

from django.db import connection

from customers.models import Business, Customer
from events.identify import IDENTIFY
from events.models import AcceptedTraits, Integration
from tests.conftest import WRITE_KEY
from tests.events.outbox_rows import waiting
from tests.factories import BusinessFactory


def create_business(**config: object) -> Business:
    business: Business = BusinessFactory.create()
    Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY, **config)
    return business


def create_known_customers(business: Business, count: int, **details: object) -> list[int]:
    """Create customers that Segment knows, without an event. Returns their ids."""
    customers = Customer.objects.bulk_create(
        [Customer(business=business, **details) for _ in range(count)], batch_size=5_000
    )
    ids = [customer.pk for customer in customers]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_acceptedtraits "
            "(customer_id, destination, traits_hash, message_id, occurred_at) "
            "SELECT id, 'somewhere', '', md5(id::text), now() FROM unnest(%s::bigint[]) id",
            [ids],
        )
    return ids


def store_accepted_traits(*customers: Customer) -> None:
    for customer in customers:
        AcceptedTraits.objects.create(
            customer=customer,
            destination="somewhere",
            traits_hash="",
            message_id=f"{customer.pk:032x}",
            occurred_at=customer.created_at,
        )


def customers_with_identify() -> set[int]:
    """Return the ids of the customers that have a waiting identify."""
    rows = waiting(event=IDENTIFY)
    assert len({row.customer_id for row in rows}) == len(rows)
    return {row.customer_id for row in rows}
