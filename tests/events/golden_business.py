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
ANNS_PLACE = {
    "street": "12 Example Street",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94110",
    "country": "US",
}


class Shop:
    """A business. `open` switches it on; the other methods create its people and orders."""

    def __init__(self) -> None:
        self.business: Business = BusinessFactory.create(name="Bayview Cleaners")
        self.line_item_id: int | None = None

    def open(self, **config: Any) -> Integration:
        return Integration.objects.create(
            business=self.business, enabled=True, write_key=WRITE_KEY, **config
        )

    def ann(self, **details: Any) -> Customer:
        contact = {
            "first_name": "Ann",
            "last_name": "Example",
            "email": "ann@example.com",
            "phone": "+14155550112",
        }
        return CustomerFactory.create(
            business=self.business, uuid=ANN, created_at=SIGNED_UP, **ANNS_PLACE | contact | details
        )

    def nobody(self) -> Customer:
        return CustomerFactory.create(
            business=self.business, uuid=ANN, created_at=SIGNED_UP, bare=True
        )

    def of(self, record_factory: Any, **values: Any) -> Any:
        return record_factory.create(business=self.business, **values)

    def order(self, customer: Customer, **details: Any) -> Order:
        """Two shirts and a dress, taken in by Carla at the store."""
        cleaning = self.of(DepartmentFactory, name="Dry Cleaning")
        items = [
            NewLineItem("Shirt, pressed", Decimal("4.50"), 2, cleaning),
            NewLineItem("Evening dress", Decimal("31.20"), 1, cleaning),
        ]
        people = {
            "agent": self.of(AgentFactory, name="Market Street"),
            "sold_by": self.of(EmployeeFactory, name="Carla Counter"),
        }
        return Order.create(customer, items=items, tax_rate=TAX, number="1001", **people | details)

    def loyal(self) -> Any:
        return self.of(
            DiscountFactory, name="Loyalty 10%", description="After ten orders", value=Decimal(10)
        )

    def stop(self, customer: Customer) -> Stop:
        route, driver = (
            self.of(AgentFactory, route=True, name="Route 7"),
            self.of(EmployeeFactory, driver=True, name="Dan Driver"),
        )
        return Stop.schedule(customer, date(2025, 3, 4), driver=driver, route=route)
