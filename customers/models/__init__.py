from customers.models.address import AddressDict, Addressed
from customers.models.business import Agent, Brand, Business, CustomerGroup, Department, Discount, Employee
from customers.models.customer import Customer, CustomField, CustomFieldValue
from customers.models.order import LineItem, Order
from customers.models.pickup import PickupRequest, RegularPickupRequest
from customers.models.stop import Stop
from customers.models.tracked import Tracked
from customers.models.visit import Visit

__all__ = [
    "AddressDict",
    "Addressed",
    "Agent",
    "Brand",
    "Business",
    "CustomField",
    "CustomFieldValue",
    "Customer",
    "CustomerGroup",
    "Department",
    "Discount",
    "Employee",
    "LineItem",
    "Order",
    "PickupRequest",
    "RegularPickupRequest",
    "Stop",
    "Tracked",
    "Visit",
]
