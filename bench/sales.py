"""Customers in front of employees: what it takes to save an order as the point of sale does."""

from decimal import Decimal
from typing import NamedTuple

from customers.models import Customer, Employee, Order


class Till(NamedTuple):
    customer: Customer
    employee: Employee

    def new_order(self) -> Order:
        """Not saved; with all that an event about it shows, so that recording it looks up five names."""
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
    """Every customer, with all that an order refers to at hand."""
    employees = {employee.business_id: employee for employee in Employee.objects.order_by("-id")}
    customers = Customer.objects.select_related("business", "agent", "discount").order_by("id")
    return [Till(customer, employees[customer.business_id]) for customer in customers]
