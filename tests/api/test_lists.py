"""Lists: as many queries for fifty rows as for two, and pages without gaps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, PickupRequest
from smrt_integration.api.urls import router
from tests.api.conftest import Caller
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    CustomerGroupFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
    LineItemFactory,
    OrderFactory,
    PickupRequestFactory,
    RegularPickupRequestFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db

MOST_QUERIES = 6


def create_customer_with_custom_value(business: Any) -> Customer:
    customer: Customer = CustomerFactory.create(business=business, full=True)
    CustomFieldValueFactory.create(customer=customer)
    return customer


def create_order_with_items(business: Any) -> None:
    LineItemFactory.create_batch(
        2, order=OrderFactory.create(customer=CustomerFactory.create(business=business))
    )


def for_a_customer(factory: Any) -> Callable[[Any], Any]:
    return lambda business: factory.create(customer=CustomerFactory.create(business=business))


CREATE: dict[str, Callable[[Any], Any]] = {
    "customers": create_customer_with_custom_value,
    "orders": create_order_with_items,
    "stops": for_a_customer(StopFactory),
    "pickup-requests": for_a_customer(PickupRequestFactory),
    "regular-pickup-requests": for_a_customer(RegularPickupRequestFactory),
    "agents": lambda business: AgentFactory.create(business=business),
    "brands": lambda business: BrandFactory.create(business=business),
    "employees": lambda business: EmployeeFactory.create(business=business),
    "departments": lambda business: DepartmentFactory.create(business=business),
    "customer-groups": lambda business: CustomerGroupFactory.create(business=business),
    "discounts": lambda business: DiscountFactory.create(business=business),
    "custom-fields": lambda business: CustomFieldFactory.create(business=business),
}
MESSAGES = {"waiting-messages", "send-log-entries"}
"""Tested in test_messages.py."""


def test_every_list_is_tested() -> None:
    listed = {prefix for prefix, viewset, _ in router.registry if hasattr(viewset, "list")}
    assert listed == {*CREATE, *MESSAGES}


@pytest.mark.parametrize("path", CREATE)
def test_fifty_rows_take_as_many_queries_as_two(path: str, pos: Caller, customer: Customer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert pos.get(path).status_code == 200
        return len(captured)

    for _ in range(2):
        CREATE[path](customer.business)
    # The first call of a minute also records the last use of the key.
    queries()
    few = queries()
    for _ in range(50):
        CREATE[path](customer.business)

    assert queries() == few <= MOST_QUERIES
    first = pos.get(path).json()
    second = pos.get(first["next"].split("/api/v1/")[1]).json()
    ids = [row["id"] for page in (first, second) for row in page["results"]]
    assert (len(first["results"]), len(ids)) == (50, len(set(ids)))


def test_a_thousand_rows_of_one_day_are_each_listed_once(pos: Caller, customer: Customer) -> None:
    """Rows that are added between two pages do not disturb the list."""
    business, tomorrow = customer.business, customer.business.today() + timedelta(days=1)
    customers = Customer.objects.bulk_create(
        [Customer(business=business, first_name=f"Ann {n}") for n in range(1_100)]
    )

    def schedule(*customers: Customer) -> None:
        PickupRequest.objects.bulk_create(
            PickupRequest(
                business=business, customer=customer, pickup_date=tomorrow, scheduled_by="Employee"
            )
            for customer in customers
        )

    schedule(*customers[50:])
    ids, query = [], f"pickup-requests?day={tomorrow}&limit=200"
    while query:
        page = pos.get(query).json()
        ids += [row["id"] for row in page["results"]]
        if len(ids) == 400:
            schedule(*customers[:50])
        query = page["next"] and page["next"].split("/api/v1/")[1]

    assert len(ids) == len(set(ids))
    assert {
        str(uuid)
        for uuid in PickupRequest.objects.filter(customer__in=customers[50:]).values_list(
            "uuid", flat=True
        )
    } <= set(ids)


@pytest.mark.parametrize(
    "path", ["orders", "agents", "custom-fields", "pickup-requests", "customers"]
)
def test_pages_lead_forward_and_back_without_gaps(
    path: str, pos: Caller, customer: Customer
) -> None:
    for _ in range(7):
        CREATE[path](customer.business)
    whole = [row["id"] for row in pos.get(path).json()["results"]]
    pages = [pos.get(path, limit=3).json()]
    while pages[-1]["next"]:
        pages.append(pos.get(pages[-1]["next"].split("/api/v1/")[1]).json())
    back = [pages[-1]]
    while back[-1]["previous"]:
        back.append(pos.get(back[-1]["previous"].split("/api/v1/")[1]).json())

    def ids(*pages: Any) -> list[str]:
        return [row["id"] for page in pages for row in page["results"]]

    assert ids(*pages) == whole
    assert pages[0]["previous"] is None
    assert [ids(page) for page in back[1:]] == [ids(page) for page in reversed(pages[:-1])]


def test_a_page_looks_at_a_part_of_the_list_where_a_filter_has_no_index(
    pos: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next page goes on after it, in both directions."""
    monkeypatch.setattr("smrt_integration.api.pagination.MOST_SCANNED", 4)
    driver = EmployeeFactory.create(business=customer.business)
    numbers = {
        str(StopFactory.create(customer=customer, driver=by).uuid): number
        for number, by in enumerate(driver if n in (0, 1, 9) else None for n in range(11))
    }

    def pages(first: dict[str, Any], link: str) -> list[dict[str, Any]]:
        found = [first]
        while found[-1][link]:
            found.append(pos.get(found[-1][link].split("/api/v1/")[1]).json())
        return found

    def stops(*pages: dict[str, Any]) -> list[list[int]]:
        return [[numbers[row["id"]] for row in page["results"]] for page in pages]

    forward = pages(pos.get("stops", driver=driver.uuid, limit=2).json(), "next")
    assert stops(*forward) == [[9], [], [1, 0]]
    back = pages(forward[-1], "previous")[1:]
    assert stops(*back) == [[], [9], []]
    assert stops(*pages(back[0], "next")[1:]) == [[1], [0]]


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "K2FiYw==", "\u00e9", "a:b:c"])
@pytest.mark.parametrize("path", ["orders", "agents", "custom-fields"])
def test_a_forged_cursor_is_not_found(path: str, cursor: str, pos: Caller) -> None:
    assert pos.get(path, cursor=cursor).status_code == 404


def test_a_cursor_of_another_list_is_not_found(pos: Caller, customer: Customer) -> None:
    AgentFactory.create_batch(2, business=customer.business)
    elsewhere = pos.get("agents", limit=1).json()["next"].split("?")[1]
    assert pos.get(f"orders?{elsewhere}").status_code == 404
