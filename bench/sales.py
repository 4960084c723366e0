"""Create orders as a point of sale does."""

from decimal import Decimal
from typing import NamedTuple

from customers.models import Customer, Employee, Order


class Till(NamedTuple):
    """A customer who is served by an employee."""

    customer: Customer
    employee: Employee

    def new_order(self) -> Order:
        """Return an unsaved order with every reference that an order event names.

        Recording it looks up five names.
        """
        return Order(
            business=self.customer.business,
            customer=self.customer,
            agent=self.customer.agent,
            sold_by=self.employee,
            discount=self.customer.discount,
            subtotal=Decimal("20.00"),
            discount_total=Decimal("2.00"),
            tax=Decimal("1.53"),
            total=Decimal("19.53"),
        )


def load_tills() -> list[Till]:
    """Return a till for every customer, with the rows loaded that an order refers to."""
    employees = {employee.business_id: employee for employee in Employee.objects.order_by("-id")}
    customers = Customer.objects.select_related("business", "agent", "discount").order_by("id")
    return [Till(customer, employees[customer.business_id]) for customer in customers]
