"""The business of the golden messages, on a Tuesday morning in San Francisco."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from customers.models import Business, Customer, NewLineItem, Order, Stop
from events.models import Integration
from tests.conftest import WRITE_KEY
from tests.factories import (
    AgentFactory,
    BusinessFactory,
    CustomerFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
)

TUESDAY = datetime(2025, 3, 4, 17, 30, 15, 123_456, tzinfo=UTC)
SIGNED_UP = datetime(2024, 11, 20, 1, 5, tzinfo=UTC)
ANN = UUID("3f1b7c52-5f0e-4d0a-9c39-6a1f0e8d2b71")
TAX = Decimal("8.625")
ANNS_ADDRESS = {
    "street": "12 Example Street",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94110",
    "country": "US",
}


class GoldenBusiness:
    """A business that is not switched on yet, and the methods that create its records."""

    def __init__(self) -> None:
        self.record: Business = BusinessFactory.create(name="Bayview Cleaners")
        self.line_item_id: int | None = None

    def switch_on(self, **config: Any) -> Integration:
        return Integration.objects.create(
            business=self.record, enabled=True, write_key=WRITE_KEY, **config
        )

    def create_ann(self, **details: Any) -> Customer:
        contact = {
            "first_name": "Ann",
            "last_name": "Example",
            "email": "ann@example.com",
            "phone": "+14155550112",
        }
        return CustomerFactory.create(
            business=self.record, uuid=ANN, created_at=SIGNED_UP, **ANNS_ADDRESS | contact | details
        )

    def create_bare_customer(self) -> Customer:
        return CustomerFactory.create(
            business=self.record, uuid=ANN, created_at=SIGNED_UP, bare=True
        )

    def create(self, record_factory: Any, **values: Any) -> Any:
        return record_factory.create(business=self.record, **values)

    def create_order(self, customer: Customer, **details: Any) -> Order:
        """Create an order of two shirts and a dress. Carla takes it in at the store."""
        cleaning = self.create(DepartmentFactory, name="Dry Cleaning")
        items = [
            NewLineItem("Shirt, pressed", Decimal("4.50"), 2, cleaning),
            NewLineItem("Evening dress", Decimal("31.20"), 1, cleaning),
        ]
        people = {
            "agent": self.create(AgentFactory, name="Market Street"),
            "sold_by": self.create(EmployeeFactory, name="Carla Counter"),
        }
        return Order.create(customer, items=items, tax_rate=TAX, number="1001", **people | details)

    def create_loyalty_discount(self) -> Any:
        return self.create(
            DiscountFactory, name="Loyalty 10%", description="After ten orders", value=Decimal(10)
        )

    def schedule_stop(self, customer: Customer) -> Stop:
        route, driver = (
            self.create(AgentFactory, route=True, name="Route 7"),
            self.create(EmployeeFactory, driver=True, name="Dan Driver"),
        )
        return Stop.schedule(customer, date(2025, 3, 4), driver=driver, route=route)
