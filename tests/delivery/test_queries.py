"""A round takes the same few queries whatever the number of businesses and events."""

from concurrent.futures import wait

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.pace import Pace
from tests.delivery.sending_businesses import (
    add_visits,
    sending_business,
    sign_up,
    waiting,
    write_key,
)
from tests.factories import CustomFieldValueFactory
from tests.segment import SegmentStandIn


def fill(businesses: int, customers: int, visits: int) -> None:
    """Customers with all that an identify tells, none of them known to Segment yet."""
    for number in range(1, businesses + 1):
        business = sending_business(write_key(number))
        for _ in range(customers):
            customer = sign_up(business, full=True)
            CustomFieldValueFactory.create(customer=customer)
            add_visits(visits, customer)


def queries_of_a_round() -> int:
    delivery = Delivery(pace=Pace())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        delivery._start_round()
        wait(delivery.in_flight)
        delivery._settle(0.0)
    assert waiting() == []
    return len(queries)


@pytest.mark.parametrize(
    ("businesses", "customers", "visits"),
    [(1, 2, 1), (1, 30, 1), (1, 1, 400), (40, 1, 1), (25, 3, 4)],
)
@pytest.mark.django_db
def test_queries_do_not_grow_with_businesses_customers_or_events(
    businesses: int, customers: int, visits: int, segment: SegmentStandIn
) -> None:
    fill(1, 1, 1)
    least = queries_of_a_round()
    fill(businesses, customers, visits)

    assert queries_of_a_round() == least <= 25
