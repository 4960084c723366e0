"""The box at the top of every page, and lists in which a search finds nothing."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Business, Customer
from tests.admin.conftest import logged_in
from tests.events.log_entries import create_log_entry
from tests.factories import (
    CustomerFactory,
    IncomingTextFactory,
    NightlyTextFactory,
    OrderFactory,
    PickupRequestFactory,
    RegularPickupRequestFactory,
    StopFactory,
    VisitFactory,
)

pytestmark = pytest.mark.django_db

FIND = "/admin/search/"
DETAILS = {
    "first_name": "José",
    "last_name": "Núñez",
    "email": "jose@nunez.example",
    "phone": "+14155550123",
}
ABOUT_CUSTOMERS: dict[str, Any] = {
    "order": OrderFactory,
    "stop": StopFactory,
    "pickuprequest": PickupRequestFactory,
    "regularpickuprequest": RegularPickupRequestFactory,
    "visit": VisitFactory,
    "nightlytext": NightlyTextFactory,
    "incomingtext": IncomingTextFactory,
}
ODD = ("%", "_", "\\", "x" * 5_000, "\U0001f600", "'", "' OR 1=1 --")


@pytest.fixture
def jose(business: Business, other_business: Business) -> Customer:
    CustomerFactory.create(business=business, first_name="Bob", last_name="Brown", email="")
    stranger = CustomerFactory.create(business=other_business, **DETAILS, company_name="Theirs")
    OrderFactory.create(customer=stranger, number="THEIRS-7")
    create_log_entry(stranger)
    return CustomerFactory.create(business=business, **DETAILS)


@pytest.fixture
def office(owner: User) -> Client:
    return logged_in(owner)


@pytest.mark.parametrize("typed", ["nunez", "Nunez, Jose", "jose@nu", "(415) 555-0123", "0123"])
@pytest.mark.parametrize("extended", [True, False])
def test_finds_customers_orders_and_messages(
    office: Client, jose: Customer, typed: str, extended: bool
) -> None:
    order = OrderFactory.create(customer=jose, number="A-1042")
    entry = create_log_entry(jose)
    query = {"s": typed} | ({"extended": "1"} if extended else {})
    response = office.get(FIND, query)
    page = response.content.decode()
    for name, row in (("customers_customer", jose), ("customers_order", order)):
        assert reverse(f"admin:{name}_change", args=[row.pk]) in page
    assert reverse("admin:events_sendlog_change", args=[entry.pk]) in page
    assert "Theirs" not in page
    assert "THEIRS-7" not in page
    assert ("<html" in page) is not extended
    assert reverse("admin:search") == FIND


@pytest.mark.parametrize("typed", ["A-1042", "#a-1042"])
def test_finds_an_order_by_its_number(office: Client, jose: Customer, typed: str) -> None:
    OrderFactory.create(customer=jose, number="A-1042")
    assert "Order A-1042" in office.get(FIND, {"s": typed}).content.decode()
    theirs = office.get(FIND, {"s": "THEIRS-7", "extended": "1"}).content.decode()
    assert "Order THEIRS-7" not in theirs
    assert "Nothing found" in theirs


def test_support_finds_everybody_with_their_business(support: User, jose: Customer) -> None:
    page = logged_in(support).get(FIND, {"s": "nunez"}).content.decode()
    assert page.count("José Núñez") >= 2
    assert jose.business.name in page


def test_says_how_to_search(office: Client, jose: Customer) -> None:
    for typed in (*ODD, "nobody"):
        page = office.get(FIND, {"s": typed}).content.decode()
        assert "Nothing found" in page
        assert "the last four digits are enough" in page
    assert office.get(FIND).status_code == 200
    assert office.get(FIND, {"s": "nunez", "extended": "1", "page": "x"}).status_code == 200


def test_is_for_users_only(client: Client, jose: Customer) -> None:
    assert client.get(FIND, {"s": "nunez"}).status_code == 302


def test_many_matches_take_as_few_queries(office: Client, jose: Customer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(FIND, {"s": "jose", "extended": "1"})
        return len(captured)

    OrderFactory.create(customer=jose)
    create_log_entry(jose)
    first = queries()
    for _ in range(30):
        other = CustomerFactory.create(business=jose.business, **DETAILS)
        OrderFactory.create(customer=other)
    assert queries() <= first


@pytest.mark.parametrize("model", ABOUT_CUSTOMERS)
def test_lists_about_customers(office: Client, jose: Customer, model: str) -> None:
    row = ABOUT_CUSTOMERS[model].create(customer=jose, business=jose.business)
    path = reverse(f"admin:customers_{model}_changelist")
    for typed in ("nunez", "nun\u0303ez jo", "0123", "415.555.0123", "JOSE@nunez"):
        listed = office.get(path, {"q": typed}).context["cl"].result_list
        assert [each.pk for each in listed] == [row.pk], typed
    for typed in ODD:
        response = office.get(path, {"q": typed})
        assert (response.status_code, len(response.context["cl"].result_list)) == (200, 0)


def test_fields_that_refer_to_a_customer(office: Client, jose: Customer) -> None:
    query = {"app_label": "customers", "model_name": "stop", "field_name": "customer"}
    for typed in ("nunez jose", "555 0123", "JOSÉ"):
        results = office.get(reverse("admin:autocomplete"), query | {"term": typed}).json()
        assert [row["id"] for row in results["results"]] == [str(jose.pk)], typed


def test_every_list_says_how_to_search_before_it_offers_to_add(support: User) -> None:
    client = logged_in(support)
    for model, options in admin.site._registry.items():
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        response = client.get(path, {"q": "nobody-is-called-so"}, follow=True)
        if not (options.search_fields and "cl" in (response.context or {})):
            continue
        page = response.content.decode()
        main = page[page.index("Nothing found for") :]
        assert "Search by" in main, path
        assert "/add/" not in main, path


def test_a_filter_that_matches_nothing_offers_to_remove_it(office: Client, jose: Customer) -> None:
    path = reverse("admin:customers_customer_changelist")
    page = office.get(path, {"visit_frequency__exact": "weekly"}).content.decode()
    assert "Nothing matches" in page
    main = page[page.index("Nothing matches") :]
    assert "Remove a filter" in main
    assert "/add/" not in main


def test_more_than_a_list_can_show_is_said(office: Client, jose: Customer) -> None:
    Customer.objects.bulk_create(
        [Customer(business=jose.business, last_name="Li", first_name=f"A{n}") for n in range(1001)]
    )
    page = office.get(reverse("admin:customers_customer_changelist"), {"q": "li"})
    assert "More than 1,000 records match" in page.content.decode()
