"""Statements that a connection prepares once behave as those of Django's cursors."""

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from customers.models import Customer
from events.outbox import prepared
from smrt_integration import timeouts
from smrt_integration.timeouts import Timeouts
from tests.events.other_connections import uncommitted

pytestmark = pytest.mark.django_db(transaction=True)


def prepared_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'smrt%%'")
        return int(cursor.fetchone()[0])


@transaction.atomic
def run(statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT")
    return prepared.run(statement, values)


def test_a_statement_is_prepared_once_a_connection() -> None:
    connection.close()
    for _ in range(3):
        assert run("SELECT WHERE %s::int = 1 AND %s::text IS NULL", 1, None) == 1
        assert run("SELECT WHERE %s::int = 1 AND %s::text IS NULL", 2, None) == 0
    assert prepared_statements() == 1
    connection.close()
    assert run("SELECT WHERE %s::int = 1 AND %s::text IS NULL", 1, None) == 1
    assert prepared_statements() == 1


def test_values_arrive_as_they_are() -> None:
    text = 'it\'s 100 % \\ "Zoë" 洗衣'
    statement = "SELECT WHERE convert_to(%s::text, 'UTF8') = decode(%s::text, 'hex')"
    assert run(statement, text, text.encode().hex()) == 1


def test_beyond_the_limit_a_statement_is_not_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setattr(prepared, "MAX_STATEMENTS", 1)
    for number in (1, 2, 1, 2):
        assert run(f"SELECT WHERE %s::int = {number}", number) == 1
    assert prepared_statements() == 1


def test_errors_are_those_of_django(customer: Customer) -> None:
    with pytest.raises(DataError):
        run("SELECT 1 / %s::int", 0)
    with pytest.raises(IntegrityError):
        run(
            "INSERT INTO customers_visit (business_id, customer_id, day, visit_type, at) "
            "VALUES (%s::bigint, NULL, now(), 'Store', now())",
            customer.business_id,
        )
    with pytest.raises(OperationalError):
        run("SELECT pg_terminate_backend(pg_backend_pid()) WHERE %s::int = 1", 1)
    connection.close()
    assert run("SELECT WHERE %s::int = 1", 1) == 1


def test_nothing_runs_in_a_transaction_that_must_be_rolled_back() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT")
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            prepared.run("SELECT WHERE %s::int = 1", [1])


def test_it_waits_for_a_lock_no_longer_than_others(customer: Customer) -> None:
    impatient = Timeouts(lock=150, statement=5_000, idle_in_transaction=5_000)
    with (
        uncommitted(lambda: Customer.objects.select_for_update().get(pk=customer.pk)),
        timeouts.use(impatient),
        pytest.raises(OperationalError),
    ):
        run("SELECT FROM customers_customer WHERE id = %s::bigint FOR UPDATE", customer.pk)
