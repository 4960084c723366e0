"""After a test that commits, the database is as `migrate` left it, whatever the test changed."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from customers.models import Business
from events.send_log.partitions import month_of, partition_name
from tests.empty_tables import LARGE, Tables
from tests.factories import OrderFactory
from tests.workers import current_database_url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_table_is_large(db: None) -> None:
    """An earlier test may have left a large one, after which all is truncated."""
    for name, size in Tables()._sizes().items():
        if size > LARGE:
            execute(f"TRUNCATE {name} CASCADE")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_rows_are_deleted_with_what_refers_to_them() -> None:
    tables = Tables()
    filled = tables._read(tables._filled)
    OrderFactory.create()

    tables.empty(lambda: pytest.fail("It truncates."))

    assert not Business.objects.exists()
    assert tables._read(tables._with_rows) == []
    assert tables._read(tables._filled) == filled


@pytest.mark.parametrize(
    "change",
    [
        lambda: PeriodicTask.objects.update(enabled=False),
        lambda: Permission.objects.filter(codename="view_order").delete(),
        lambda: Group.objects.create(name="Drivers"),
    ],
    ids=["schedule", "permission", "group"],
)
def test_all_is_truncated_after_other_changes(change: Callable[[], Any]) -> None:
    tables, truncated = Tables(), []
    change()

    tables.empty(lambda: truncated.append(True))
    tables.empty(lambda: pytest.fail("It does not know the new rows."))

    assert truncated == [True]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE {partition}",
        "CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, 3000)",
    ],
    ids=["dropped partition", "large table"],
)
def test_all_is_truncated_until_every_table_is_as_before(change: str) -> None:
    tables, truncated = Tables(), []
    execute(change.format(partition=partition_name("events_sendlog", month_of(timezone.now()))))

    for _ in range(2):
        tables.empty(lambda: truncated.append(True))

    assert truncated == [True, True]


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_replaced() -> None:
    tables = Tables()
    OrderFactory.create()
    pid = connection.connection.info.backend_pid
    with psycopg.connect(current_database_url()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    tables.empty(lambda: pytest.fail("It truncates."))

    assert not Business.objects.exists()
