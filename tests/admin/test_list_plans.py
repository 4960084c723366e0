"""No list of the API reads a large table whole, and long lists of the admin estimate their length.

The lists are those of the API's router.
"""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from bench import fill_lists
from bench.lists import Visitor, api_paths, owner_of, program_of
from customers.admin_lists import MOST_COUNTED
from customers.models import Business
from tests.plans import rows_read

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CUSTOMERS = 4_000
MOST_READ = 3 * (MOST_COUNTED + 1)
"""A page counts so many rows, and a search looks at as many customers and orders."""
WITHOUT_INDEX = ("kind=", "agent=", "driver=", "route=", "scheduled_by=", "?status=")
"""Filters by few values: a value that no row has costs a look at all rows of the business."""
LARGE = ("customer", "order", "stop", "pickuprequest", "visit", "nightlytext", "incomingtext")


@pytest.fixture
def business(settings: LazySettings) -> Business:
    settings.ALLOWED_HOSTS = ["*"]
    fill_lists.fill_lists(CUSTOMERS, CUSTOMERS)
    return Business.objects.get(pk=fill_lists.LARGE_BUSINESS)


def too_much_read(visitor: Visitor, paths: Iterator[str]) -> dict[str, int]:
    """Return the lists with a statement that reads more than MOST_READ rows, and how many."""
    found: dict[str, int] = {}
    for path in paths:
        if any(part in path for part in WITHOUT_INDEX):
            continue
        for sql, values in visitor.open(path)[1].found:
            if sql.lstrip(" (\n").startswith("SELECT") and any(
                f"customers_{table}" in sql for table in LARGE
            ):
                read = rows_of(sql, values)
                if read > MOST_READ:
                    found[path] = max(read, found.get(path, 0))
    return found


def rows_of(sql: str, values: object) -> int:
    statement = connection.ops.compose_sql(sql, values)  # type: ignore[attr-defined]
    with transaction.atomic(), connection.cursor() as cursor:
        # As for a million rows: of a few thousand, PostgreSQL rather reads all.
        cursor.execute("SET LOCAL enable_seqscan = off")
        return rows_read(statement)


def test_lists_of_the_api_read_a_bounded_number_of_rows(business: Business) -> None:
    program = program_of(business)
    assert too_much_read(program, api_paths(program)) == {}


def test_a_long_list_says_about_how_many_rows_it_has(business: Business) -> None:
    owner = owner_of(business)
    response, _ = owner.open("/admin/customers/customer/")
    words = " ".join(response.content.decode().split())
    assert "about 4,000 customers" in words
    assert response.context_data["cl"].paginator.num_pages == CUSTOMERS / 50
    few, _ = owner.open("/admin/customers/customer/?q=miller")
    assert "about" not in str(few.context_data["cl"].result_count)
