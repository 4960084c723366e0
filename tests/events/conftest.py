"""A business with a customer and employees."""

import pytest

from customers.models import Business, Customer, Employee
from events.models import Integration
from tests.conftest import WRITE_KEY
from tests.factories import BusinessFactory, CustomerFactory, EmployeeFactory


@pytest.fixture
def business(db: None) -> Business:
    return BusinessFactory.create()


@pytest.fixture
def customer(business: Business) -> Customer:
    """A customer from before the business was switched on: no message about them waits."""
    return CustomerFactory.create(business=business)


@pytest.fixture
def integration(business: Business, customer: Customer) -> Integration:
    """The integration, switched on after the customer was created."""
    return Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)


@pytest.fixture
def clerk(business: Business) -> Employee:
    return EmployeeFactory.create(business=business, name="Carla Counter")


@pytest.fixture
def driver(business: Business) -> Employee:
    return EmployeeFactory.create(business=business, name="Dan Driver", role=Employee.Role.DRIVER)
