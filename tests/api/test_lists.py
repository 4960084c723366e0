"""Every list: as many queries for fifty rows as for two, in pages that lead on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
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


def customer_with_answers(business: Any) -> Customer:
    customer: Customer = CustomerFactory.create(business=business, full=True)
    CustomFieldValueFactory.create(customer=customer)
    return customer


def order_with_items(business: Any) -> None:
    LineItemFactory.create_batch(2, order=OrderFactory.create(customer=CustomerFactory.create(business=business)))


def of_a_customer(factory: Any) -> Callable[[Any], Any]:
    return lambda business: factory.create(customer=CustomerFactory.create(business=business))


MADE: dict[str, Callable[[Any], Any]] = {
    "customers": customer_with_answers,
    "orders": order_with_items,
    "stops": of_a_customer(StopFactory),
    "pickup-requests": of_a_customer(PickupRequestFactory),
    "regular-pickup-requests": of_a_customer(RegularPickupRequestFactory),
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
    assert {prefix for prefix, *_ in router.registry} == {*MADE, *MESSAGES}


@pytest.mark.parametrize("path", MADE)
def test_fifty_rows_take_as_many_queries_as_two(path: str, pos: Caller, customer: Customer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert pos.get(path).status_code == 200
        return len(captured)

    for _ in range(2):
        MADE[path](customer.business)
    # the first call of a minute also notes that the key is in use
    queries()
    few = queries()
    for _ in range(50):
        MADE[path](customer.business)

    assert queries() == few <= MOST_QUERIES
    first = pos.get(path).json()
    second = pos.get(first["next"].split("/api/v1/")[1]).json()
    ids = [row["id"] for page in (first, second) for row in page["results"]]
    assert (len(first["results"]), len(ids)) == (50, len(set(ids)))
