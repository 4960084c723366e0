"""No list of the admin or the API, and no customer's page, reads many more rows than it shows.

The lists are those of the admin's registry and of the API's router: plain, with each filter by each
value, each sort, searches and further pages, for the owner of a large business and for one of a
small business beside it.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from unittest.mock import patch

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.template.response import TemplateResponse
from django.urls import resolve

from bench import fill_lists
from bench.lists import OTHER_PATHS, Visitor, admin_paths, api_paths, owner_of, program_of, support
from customers.admin_base import ScopedAdmin
from customers.admin_paginator import MOST_COUNTED
from customers.models import Business, Membership
from tests.plans import plans_of, rows_read_by

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROWS: Final = 8_000
"""Of the large business in each large table."""
LOOKED_AT: Final = 1_000
"""Rows that filters without an index look at. It is less than in life, as there are fewer rows."""
MOST_READ: Final = 3 * (MOST_COUNTED + 1)
"""By one statement. A page counts so many rows, and each belongs to a customer of a business."""
LIKE_A_MILLION: Final = """
UPDATE pg_class SET reltuples = reltuples * %s
WHERE relname = ANY (%s) OR oid IN (
    SELECT indexrelid FROM pg_index WHERE indrelid IN (
        SELECT oid FROM pg_class WHERE relname = ANY (%s)
    )
)
"""
A_DAY: Final = "/admin/customers/order/?created_at_from=2025-06-01&created_at_to=2025-06-01"
WITHOUT_A_HIT: Final = "/admin/customers/incomingtext/?meaning__exact=no"


@pytest.fixture
def older_transaction(transactional_db: None) -> Iterator[None]:
    """A transaction that began before the tables were filled, as tests of other processes have.

    PostgreSQL uses no index that was made of updated rows while it lasts.
    """
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_current_xact_id()")
        yield


@pytest.fixture
def business(
    older_transaction: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Business]:
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr("customers.admin_scan.MOST_LOOKED_AT", LOOKED_AT)
    monkeypatch.setattr("smrt_integration.api.pagination.MOST_SCANNED", LOOKED_AT)
    # Rows that are shown take most of the time.
    monkeypatch.setattr(ScopedAdmin, "list_per_page", 10)
    monkeypatch.setattr("customers.admin_paginator.MOST_PAGES", LOOKED_AT // 10)
    tables = [f"customers_{table}" for table in fill_lists.TABLES[:-2]]
    with connection.cursor() as cursor:
        # Autovacuum would count the rows again amid the test.
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        fill_lists.fill_lists(ROWS, ROWS)
        # Of a few thousand rows, PostgreSQL would rather read all.
        cursor.execute(LIKE_A_MILLION, [1_000_000 // ROWS, tables, tables])
    yield Business.objects.get(pk=fill_lists.LARGE_BUSINESS)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


def of_large_table(path: str) -> bool:
    return any(f"/{table}/" in path or f"={table}&" in path for table in fill_lists.TABLES[:-2])


def read_rows(visitor: Visitor, path: str) -> None:
    """Read the rows of a list without the HTML, which takes most of the time."""
    with patch.object(TemplateResponse, "rendered_content", ""):
        response, _ = visitor.open(path)
    list(response.context_data["cl"].result_list)


def too_much_read(visitor: Visitor, paths: Iterable[str]) -> dict[str, int]:
    """Return the lists with a statement that reads more than MOST_READ rows, and how many."""
    found: dict[str, int] = {}
    for path in paths:
        with transaction.atomic(), plans_of("customers_") as plans:
            if "?" in path and "changelist" in resolve(path.split("?")[0]).view_name:
                read_rows(visitor, path)
            else:
                visitor.open(path)
        read = max(map(rows_read_by, plans), default=0)
        if read > MOST_READ:
            found[path] = read
    return found


def test_pages_of_the_admin_read_a_bounded_number_of_rows(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = owner_of(business)
    assert too_much_read(owner, OTHER_PATHS) == {}
    assert too_much_read(owner, filter(of_large_table, admin_paths(owner))) == {}

    other = Business.objects.exclude(pk=business.pk).earliest("pk")
    small = owner_of(other, "small")
    assert too_much_read(small, (path for path in admin_paths(small) if "?" not in path)) == {}

    both = owner_of(business, "both")
    assert both.user
    Membership.objects.create(user=both.user, business=other, role=Membership.Role.OWNER)
    lists = [f"/admin/customers/{table}/" for table in fill_lists.TABLES[:-2]]
    chosen = [
        f"{path}?business__id__exact={business.pk}"
        for path in lists
        if not path.endswith(("lineitem/", "customfieldvalue/"))
    ]
    assert too_much_read(both, [*lists, *chosen, A_DAY]) == {}
    assert too_much_read(support(), [*lists, *chosen, A_DAY]) == {}

    # This finds what reads too much.
    monkeypatch.setattr("customers.admin_scan.MOST_LOOKED_AT", ROWS)
    assert too_much_read(owner, [WITHOUT_A_HIT])[WITHOUT_A_HIT] >= ROWS


def test_lists_of_the_api_read_a_bounded_number_of_rows(business: Business) -> None:
    program = program_of(business)
    assert too_much_read(program, api_paths(program)) == {}


def test_a_long_list_says_about_how_many_rows_it_has(business: Business) -> None:
    owner = owner_of(business)
    response, _ = owner.open("/admin/customers/customer/")
    words = " ".join(response.content.decode().split())
    assert "about 1,000,000 customers" in words
    assert response.context_data["cl"].paginator.num_pages == LOOKED_AT // 10
    assert "across all pages" not in words

    few, _ = owner.open("/admin/customers/customer/?q=miller")
    assert "about" not in str(few.context_data["cl"].result_count)
    assert "across all pages" in few.content.decode()


def test_a_filter_says_when_it_did_not_look_at_all_rows(business: Business) -> None:
    owner = owner_of(business)
    said = "The filter looked at the first"
    cut, _ = owner.open("/admin/customers/customer/?demographic=2")
    assert said in cut.content.decode()
    # every fifth of the newest
    assert int(cut.context_data["cl"].result_count) == LOOKED_AT // 5
    for whole in ("kind__exact=CORPORATE", "demographic=2&created_at_to=2001-01-01"):
        page, _ = owner.open(f"/admin/customers/customer/?{whole}")
        assert said not in page.content.decode()


def test_a_longer_page_takes_no_more_statements(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = owner_of(business)
    paths = [f"/admin/customers/{table}/" for table in fill_lists.TABLES[:-2]]
    found: dict[str, set[int]] = {path: set() for path in paths}
    for rows in (10, 20):
        monkeypatch.setattr(ScopedAdmin, "list_per_page", rows)
        for path in paths:
            owner.open(path)
            found[path].add(len(owner.open(path)[1].found))
    assert [path for path, statements in found.items() if len(statements) > 1] == []
