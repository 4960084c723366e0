"""The demographic: fifths of customers by what they spent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from customers.demographics import recompute_demographics
from customers.models import Business, Customer
from tests.factories import BusinessFactory, CustomerFactory, OrderFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def business() -> Business:
    return BusinessFactory.create()


def create_spenders(business: Business, *amounts: str) -> list[Customer]:
    """Create a customer for each amount, spent a month ago."""
    return [create_spender(business, amount) for amount in amounts]


def create_spender(
    business: Business, amount: str, at: datetime = NOW - timedelta(days=30)
) -> Customer:
    customer = CustomerFactory.create(business=business)
    OrderFactory.create(customer=customer, total=Decimal(amount), created_at=at)
    return customer


def fifths(customers: list[Customer]) -> list[int]:
    return [Customer.objects.get(pk=customer.pk).demographic for customer in customers]


def test_ten_customers_are_five_fifths_of_two(business: Business) -> None:
    customers = create_spenders(
        business, "100", "90", "80", "70", "60", "50", "40", "30", "20", "10"
    )
    changed = recompute_demographics(business.pk, NOW)
    assert fifths(customers) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    # The last two were in the fifth fifth before.
    assert changed == [customer.pk for customer in customers[:8]]


def test_customers_who_spent_nothing_are_in_the_last_fifth_but_count_in_the_total(
    business: Business,
) -> None:
    customers = [
        *create_spenders(business, "50", "40"),
        *CustomerFactory.create_batch(3, business=business),
    ]
    recompute_demographics(business.pk, NOW)
    assert fifths(customers) == [1, 2, 5, 5, 5]


def test_orders_with_a_total_of_zero_are_no_spending(business: Business) -> None:
    customers = create_spenders(business, "0", "0")
    recompute_demographics(business.pk, NOW)
    assert fifths(customers) == [5, 5]


def test_equal_spending_gives_equal_demographics(business: Business) -> None:
    customers = create_spenders(business, "50", "50", "50", "50", "10")
    recompute_demographics(business.pk, NOW)
    assert fifths(customers) == [1, 1, 1, 1, 5]


def test_the_orders_of_a_customer_are_added_up(business: Business) -> None:
    one, other = create_spenders(business, "30", "40")
    OrderFactory.create(customer=one, total=Decimal("10.01"), created_at=NOW - timedelta(days=1))
    recompute_demographics(business.pk, NOW)
    assert fifths([one, other]) == [1, 3]


def test_only_the_last_365_days_count(business: Business) -> None:
    just_within = create_spender(business, "10", NOW - timedelta(days=365) + timedelta(seconds=1))
    just_out = create_spender(business, "10", NOW - timedelta(days=365))
    still_to_come = create_spender(business, "10", NOW + timedelta(seconds=1))
    recompute_demographics(business.pk, NOW)
    assert fifths([just_within, just_out, still_to_come]) == [1, 5, 5]


def test_recomputing_again_changes_nothing(business: Business) -> None:
    create_spenders(business, "50", "40", "30")
    assert len(recompute_demographics(business.pk, NOW)) == 3
    assert recompute_demographics(business.pk, NOW) == []


def test_a_customer_who_stops_spending_falls_back(business: Business) -> None:
    (customer,) = create_spenders(business, "50")
    recompute_demographics(business.pk, NOW)
    assert recompute_demographics(business.pk, NOW + timedelta(days=365)) == [customer.pk]
    assert fifths([customer]) == [5]


def test_other_businesses_neither_count_nor_change(business: Business) -> None:
    (customer,) = create_spenders(business, "10")
    (other,) = create_spenders(BusinessFactory.create(), "1000")
    assert recompute_demographics(business.pk, NOW) == [customer.pk]
    assert fifths([customer, other]) == [1, 5]


def test_a_business_without_customers_causes_no_error(business: Business) -> None:
    assert recompute_demographics(business.pk, NOW) == []
