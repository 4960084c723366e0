"""A customer's events are sent in the order of their rows, whatever commits meanwhile."""

import psycopg
import pytest
from django.db import connection

from customers.models import Customer
from events.clock import database_now
from events.models import Lane, Outgoing
from smrt_integration.delivery.claim import FLOOR_AGE, claim_lanes
from smrt_integration.delivery.load import load
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    ADD_VISITS,
    let_transactions_end,
    sending_business,
    sign_up,
)
from tests.workers import current_database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customers() -> tuple[Customer, Customer]:
    business = sending_business(WRITE_KEY)
    both = sign_up(business), sign_up(business)
    Outgoing.objects.all().delete()
    return both


def visits_to_send() -> list[tuple[int, int]]:
    """Return customer and row of what a claimed lane would send."""
    lanes = claim_lanes(database_now(), 10)
    (rows,) = load(lanes, database_now()).rows.values()
    return [(row.customer_id, row.id) for row in rows if row.event == "Customer Visit"]


def test_a_transaction_that_commits_between_claim_and_load_is_read_as_a_whole(
    customers: tuple[Customer, Customer],
) -> None:
    ann, ben = customers
    with psycopg.connect(current_database_url()) as slow:
        slow.execute(ADD_VISITS, [1, [ann.pk]])
        with connection.cursor() as cursor:
            cursor.execute(ADD_VISITS, [1, [ben.pk]])
        lanes = claim_lanes(database_now(), 10)
        slow.execute(ADD_VISITS, [1, [ann.pk]])
        slow.commit()

    (rows,) = load(lanes, database_now()).rows.values()

    visits = [row.customer_id for row in rows if row.event == "Customer Visit"]
    assert visits == [ann.pk, ben.pk, ann.pk]


def test_a_floor_is_not_used_while_a_transaction_runs_that_may_have_rows_below_it(
    customers: tuple[Customer, Customer],
) -> None:
    ann, ben = customers
    with psycopg.connect(current_database_url()) as slow:
        slow.execute(ADD_VISITS, [1, [ann.pk]])
        with connection.cursor() as cursor:
            cursor.execute(ADD_VISITS, [1, [ben.pk]])
        for _ in range(3):
            claim_later()
        slow.execute(ADD_VISITS, [1, [ann.pk]])
        slow.commit()

    Lane.objects.update(lease_token=None, lease_until=None)
    assert [customer for customer, _ in visits_to_send()] == [ann.pk, ben.pk, ann.pk]

    claim_later()
    let_transactions_end()
    claim_later()
    assert Lane.objects.get().floor > 0


def claim_later() -> None:
    """Claim and release the lane after the time that a floor has to be old."""
    Lane.objects.update(lease_token=None, lease_until=None, floor_at=database_now() - 2 * FLOOR_AGE)
    assert claim_lanes(database_now(), 10)
