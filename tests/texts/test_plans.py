"""The queries of the nightly texts read what they return and little more, at any size.

With statistics, without any, and with those from before the first text.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.budget import Budget
from customers.models import Customer, NightlyText, TextQueue, TextSettings
from customers.texts.claim_texts import TEXT_CHUNK_SIZE, claim_texts
from customers.texts.close_texts import CLOSED_AT_ONCE, close_overdue_texts
from customers.texts.plan_texts import PLANNED_AT_ONCE, plan_texts
from customers.texts.save_send_results import save_send_results
from customers.texts.send_results import Sent
from tests.plans import plan, rows_read, tables_read_whole
from tests.texts.conftest import EVENING

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
CUSTOMERS = 6_000
TOMORROWS = 1_000
"""Customers with a pickup tomorrow."""
TOMORROW = datetime(2026, 11, 24, tzinfo=UTC).date()
LARGE = {"customers_customer", "customers_pickuprequest", "customers_nightlytext"}
TABLES = ", ".join(LARGE)
COPY_CUSTOMER = """
INSERT INTO customers_customer
SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', c.id + n, 'uuid', gen_random_uuid(), 'phone', '+1415' || 2000000 + n
))).* FROM customers_customer c, generate_series(1, %(count)s) n WHERE c.id = %(id)s
"""
SCHEDULE_PICKUPS = """
INSERT INTO customers_pickuprequest (
    uuid, business_id, customer_id, pickup_date, scheduled_by, status, canceled_via, created_at
)
SELECT gen_random_uuid(), business_id, id, %s, 'Employee', %s, '', now() FROM customers_customer
WHERE phone <> '' ORDER BY id LIMIT %s
"""
TEXT_LAST_WEEK = """
INSERT INTO customers_nightlytext (
    business_id, customer_id, pickup_id, pickup_date, until, status, reason, attempts,
    next_at, created_at, phone, sender, sid
)
SELECT business_id, customer_id, id, pickup_date, %(at)s, 'sent', '', 1, %(at)s, %(at)s,
    '+1', '+1', 'SM1'
FROM customers_pickuprequest
"""


def execute(statement: str, values: object = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]


def set_sizes(pages: int, rows: int) -> None:
    """Let PostgreSQL believe that the tables had so many pages and rows when it last looked."""
    execute(
        "UPDATE pg_class SET relpages = %s, reltuples = %s WHERE relname = ANY (%s)",
        [pages, rows, [*LARGE]],
    )


def forget_statistics() -> None:
    """Undo what earlier tests analyzed: a transaction that is rolled back keeps it."""
    # Autovacuum would wait for what we change here, and our ANALYZE for autovacuum.
    execute(f"LOCK TABLE {TABLES} IN SHARE UPDATE EXCLUSIVE MODE")
    set_sizes(pages=0, rows=-1)
    for table in LARGE:
        execute("DELETE FROM pg_statistic WHERE starelid = %s::regclass", [table])


STATISTICS = (
    "with statistics",
    "without statistics",
    "from when there were no texts",
    "from when the tables were emptied",
)


@pytest.fixture(params=STATISTICS)
def filled(request: pytest.FixtureRequest, texting: TextSettings) -> Iterator[TextSettings]:
    """A business with many customers, who were all texted a week ago; some have a pickup."""
    forget_statistics()
    (first,) = Customer.objects.bulk_create([Customer(business=texting.business)])
    execute(COPY_CUSTOMER, {"count": CUSTOMERS, "id": first.pk})
    if request.param == "from when there were no texts":
        execute(f"ANALYZE {TABLES}")
    execute(SCHEDULE_PICKUPS, [TOMORROW - timedelta(days=7), "completed", CUSTOMERS])
    execute(TEXT_LAST_WEEK, {"at": EVENING - timedelta(days=7)})
    execute(SCHEDULE_PICKUPS, [TOMORROW, "scheduled", TOMORROWS])
    if request.param == "with statistics":
        execute(f"ANALYZE {TABLES}")
    if request.param == "from when the tables were emptied":
        set_sizes(pages=1, rows=0)
    yield texting
    forget_statistics()


def statements_of(step: Callable[[], object]) -> list[str]:
    """Return the statements of the step, which is undone."""
    savepoint = transaction.savepoint()
    with CaptureQueriesContext(connection) as asked:
        step()
    transaction.savepoint_rollback(savepoint)
    others = {"SAVEPOINT", "RELEASE", "SET"}
    return [query["sql"] for query in asked if query["sql"].split()[0] not in others]


def assert_reads_at_most(rows: int, step: Callable[[], object]) -> None:
    statements = statements_of(step)
    savepoint = transaction.savepoint()
    for statement in statements:
        assert tables_read_whole(plan(statement)) & LARGE == set(), statement[:200]
        assert rows_read(statement) <= rows, statement[:200]
        if "set_config" in statement:
            execute(statement)
    transaction.savepoint_rollback(savepoint)


def test_the_queries_of_an_evening_read_what_they_return(filled: TextSettings) -> None:
    """Planning, claiming, recording and closing: one test, as the tables take seconds to fill."""
    assert_reads_at_most(4 * TOMORROWS + 10, lambda: plan_texts(EVENING))
    TextQueue.objects.create(business=filled.business, next_at=EVENING - timedelta(seconds=1))
    assert_reads_at_most(3, lambda: claim_texts(EVENING))
    assert_reads_at_most(1, lambda: close_overdue_texts(EVENING))

    assert plan_texts(EVENING) == TOMORROWS
    assert_reads_at_most(3 * TOMORROWS + 10, lambda: plan_texts(EVENING))
    assert_reads_at_most(1, lambda: close_overdue_texts(EVENING))
    assert_reads_at_most(2 * TEXT_CHUNK_SIZE, lambda: claim_texts(EVENING))
    results = {text.id: Sent("SM1") for text in claim_texts(EVENING)}
    assert len(results) == TEXT_CHUNK_SIZE
    assert_reads_at_most(TEXT_CHUNK_SIZE + 3, lambda: claim_texts(EVENING))
    assert_reads_at_most(TEXT_CHUNK_SIZE, lambda: save_send_results(results, EVENING))

    late = EVENING + timedelta(hours=6)
    assert_reads_at_most(3 * TOMORROWS, lambda: close_overdue_texts(late))
    assert close_overdue_texts(late) == (TOMORROWS - TEXT_CHUNK_SIZE, TEXT_CHUNK_SIZE)
    assert not NightlyText.objects.filter(status__in=("waiting", "sending")).exists()


def test_much_work_is_done_in_pieces(texting: TextSettings) -> None:
    (first,) = Customer.objects.bulk_create([Customer(business=texting.business)])
    count = PLANNED_AT_ONCE + 100
    execute(COPY_CUSTOMER, {"count": count, "id": first.pk})
    execute(SCHEDULE_PICKUPS, [TOMORROW, "scheduled", count])

    def piece(work: Callable[..., Any], now: datetime) -> tuple[Any, bool]:
        budget = Budget(0)
        return work(now, budget), budget.left_work

    assert piece(plan_texts, EVENING) == (PLANNED_AT_ONCE, True)
    assert piece(plan_texts, EVENING) == (100, False)
    late = EVENING + timedelta(hours=6)
    closed = [piece(close_overdue_texts, late) for _ in range(3)]
    assert closed == [
        ((CLOSED_AT_ONCE, 0), True),
        ((CLOSED_AT_ONCE, 0), True),
        ((count - 2 * CLOSED_AT_ONCE, 0), False),
    ]
