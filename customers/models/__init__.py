"""The records of a business."""

from customers.models.address import AddressDict, HasAddress
from customers.models.business import (
    Agent,
    Brand,
    Business,
    CustomerGroup,
    Department,
    Discount,
    Employee,
)
from customers.models.consent import Consent
from customers.models.custom_field import CustomField, CustomFieldValue
from customers.models.customer import Customer
from customers.models.line_item import LineItem, NewLineItem
from customers.models.membership import Membership
from customers.models.order import Order
from customers.models.pickup import PickupRequest, RegularPickupRequest
from customers.models.stop import Stop
from customers.models.text import IncomingText, NightlyText
from customers.models.text_queue import TextQueue
from customers.models.text_settings import TextSettings
from customers.models.tracked import Tracked
from customers.models.visit import Visit

__all__ = [
    "AddressDict",
    "Agent",
    "Brand",
    "Business",
    "Consent",
    "CustomField",
    "CustomFieldValue",
    "Customer",
    "CustomerGroup",
    "Department",
    "Discount",
    "Employee",
    "HasAddress",
    "IncomingText",
    "LineItem",
    "Membership",
    "NewLineItem",
    "NightlyText",
    "Order",
    "PickupRequest",
    "RegularPickupRequest",
    "Stop",
    "TextQueue",
    "TextSettings",
    "Tracked",
    "Visit",
]
