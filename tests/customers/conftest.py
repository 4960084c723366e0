"""One business with a customer, a clerk and a driver, and the saves of a test."""

from collections.abc import Iterator

import pytest

from customers.models import Business, Customer, Employee
from tests.customers.recorder import Saved, record_saves
from tests.factories import BusinessFactory, CustomerFactory, EmployeeFactory


@pytest.fixture
def business(db: None) -> Business:
    return BusinessFactory.create()


@pytest.fixture
def customer(business: Business) -> Customer:
    return CustomerFactory.create(business=business)


@pytest.fixture
def clerk(business: Business) -> Employee:
    return EmployeeFactory.create(business=business, name="Carla Counter")


@pytest.fixture
def driver(business: Business) -> Employee:
    return EmployeeFactory.create(business=business, name="Dan Driver", role=Employee.Role.DRIVER)


@pytest.fixture
def saves() -> Iterator[list[Saved]]:
    """The saves of this test so far. Clear the list after the preparations."""
    with record_saves() as saves:
        yield saves
