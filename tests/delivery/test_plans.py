"""A round reads about as many rows as it sends, whatever waits and whatever statistics say."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.models import Business, Customer
from events.clock import database_now
from events.lanes.read_status import lane_status
from events.models import Lane, Outgoing
from events.outbox.rows import Settlement
from events.outbox.settle import settle
from smrt_integration.delivery import responses
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import claim_lanes, hold_in_flight
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.load import load
from smrt_integration.delivery.post import LaneResult, post_into
from smrt_integration.delivery.settle import add_lane_result
from tests.delivery.sending_businesses import (
    add_bulk_visits,
    add_visits,
    sending_business,
    time_passes,
    write_key,
)
from tests.plans import plan, rows_read, tables_read_whole

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

CUSTOMERS = 10_000
SENT = 500
MOST_READ = 20 * SENT
"""A round of 500 messages reads some rows of a dozen tables for each, and twice 1,000 for a worker
that died. Reading all that waits would be more."""
LARGE = {
    "customers_customer",
    "events_acceptedtraits",
    "events_heldtrack",
    "events_outgoing",
    "events_sendlog",
}
FILL = """
INSERT INTO customers_customer
SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', c.id * 1000000 + n, 'uuid', gen_random_uuid()
))).*
FROM customers_customer c, generate_series(1, %s) n
"""
KNOW_ALL = """
INSERT INTO events_acceptedtraits (customer_id, destination, traits_hash, message_id, occurred_at)
SELECT id, 'none', '', '', now() FROM customers_customer
"""
STATISTICS = ("with statistics", "without statistics", "from when nothing waited")


@pytest.fixture(params=STATISTICS)
def busy(request: pytest.FixtureRequest, db: None) -> Business:
    """One of twenty businesses, with live and bulk messages of many customers."""
    businesses = [sending_business(write_key(number)) for number in range(1, 21)]
    Customer.objects.bulk_create([Customer(business=business) for business in businesses])
    with connection.cursor() as cursor:
        cursor.execute(FILL, [CUSTOMERS // 20])
        if request.param == "from when nothing waited":
            cursor.execute("ANALYZE")
        busy = businesses[10]
        everybody = list(Customer.objects.all())
        cursor.execute(KNOW_ALL)
        add_bulk_visits(1, *everybody)
        add_bulk_visits(20, *[c for c in everybody if c.business_id == busy.pk])
        add_visits(1, *everybody[::7])
        if request.param == "with statistics":
            cursor.execute("ANALYZE")
        # as in a delivery: `test_a_delivery_reads_no_table_whole`
        cursor.execute("SET LOCAL enable_seqscan = off")
    return busy


def run_round() -> None:
    """Take all steps of a round: a lane whose worker died is claimed, and what was sent settled."""
    now = database_now()
    lanes = claim_lanes(now, 1)
    (messages,) = build(load(lanes, now))
    assert len(messages.to_post) >= SENT
    hold_in_flight({messages.lane: {"0" * 32: (0, "")}})
    result = LaneResult(messages)
    post_into(result, lambda: True, lambda *_: responses.interpret(200, None))
    settlement = Settlement()
    add_lane_result(settlement, result, now, lambda: 0.0)
    assert settle(settlement, now) >= SENT


def check_a_claim(crowded: bool) -> None:
    """It reads a few rows of each business."""
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        assert len(claim_lanes(database_now(), 20, crowded=crowded)) == 20
    (statement,) = [query["sql"] for query in asked if "UPDATE events_lane" in query["sql"]]
    Lane.objects.update(lease_token=None, lease_until=None)
    assert rows_read(statement) < 20 * 20
    assert "events_outgoing" not in tables_read_whole(plan(statement))


def check_the_status(business: Business) -> None:
    """It reads no more than it counts."""
    with CaptureQueriesContext(connection) as asked:
        counted = lane_status(business.pk).waiting
    assert counted > 1_000
    (statement,) = [query["sql"] for query in asked]
    assert "events_outgoing" not in tables_read_whole(plan(statement))
    assert rows_read(statement) < 2 * counted


def test_a_round_reads_what_it_sends(busy: Business) -> None:
    check_the_status(busy)
    for crowded in (False, True):
        check_a_claim(crowded)
    Lane.objects.exclude(business=busy).update(stopped="Not now.")
    claim_lanes(database_now(), 1)
    Outgoing.objects.update(recorded_at="2026-01-01T00:00Z")
    time_passes()
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        cursor.execute("SAVEPOINT round")
        run_round()
        cursor.execute("ROLLBACK TO SAVEPOINT round")
    statements = [query["sql"].lstrip() for query in asked]
    assert len(statements) > 10
    with connection.cursor() as cursor:
        for statement in statements:
            if "set_config" in statement:
                cursor.execute(statement)
            elif statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                assert tables_read_whole(plan(statement)) & LARGE == set(), statement[:500]
                assert rows_read(statement) < MOST_READ, statement[:500]


@pytest.mark.django_db(transaction=True)
def test_a_delivery_reads_no_table_whole() -> None:
    sending_business(write_key(1))
    found = set()

    def ask(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        execute("SHOW enable_seqscan", None, many, context)
        found.update(context["cursor"].fetchone())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(ask):
        Delivery().run()
    assert found == {"off"}
