"""What each event says: pure functions from the facts recorded when it happened to the properties of its message.

Names, types and meaning: contract, section 1. Facts hold plain JSON values; amounts are decimal strings there and numbers here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict

Facts = Mapping[str, Any]


class Address(TypedDict):
    street: str | None
    city: str | None
    state: str | None
    postalCode: str | None
    country: str | None


class Discount(TypedDict):
    name: str
    description: str | None
    value: float


class StopProperties(TypedDict):
    driver: str | None
    route: str | None
    address: Address | None


class PickupCompleted(StopProperties):
    had_pickup: bool
    had_delivery: bool
    total_pickups: int
    total_deliveries: int


class PickupScheduled(TypedDict):
    scheduled_by: str
    pickup_date: str


class CustomerCanceledPickup(TypedDict):
    canceled_via: str
    pickup_date: str


class CustomerRequestedRegularPickups(TypedDict):
    address: Address | None


class OrderProperties(TypedDict):
    order_id: str
    agent: str | None
    customer_brand: str
    value: float
    revenue: float
    currency: str
    sold_by: str | None
    returned_by: str | None
    discount: Discount | None


class OrderLineItemReturned(OrderProperties):
    department: str | None
    line_item_id: str
    description: str
    quantity: int
    price: float


class NewCustomerSignup(TypedDict):
    source: str


class CustomerVisit(TypedDict):
    visit_type: str


class CustomerLost(TypedDict):
    last_visit: str
    days_since_visit: int
    visit_frequency: str


class CustomerBirthday(TypedDict):
    birthday: str


def amount(value: str | float) -> float:
    """A JSON number with the digits of the decimal it was recorded as."""
    return float(Decimal(str(value)))


def discount(facts: Facts | None) -> Discount | None:
    return (
        None
        if facts is None
        else Discount(
            name=facts["name"],
            description=facts["description"] or None,
            value=amount(facts["value"]),
        )
    )


def stop(facts: Facts) -> StopProperties:
    return StopProperties(driver=facts["driver"], route=facts["route"], address=facts["address"])


def pickup_completed(facts: Facts) -> PickupCompleted:
    return PickupCompleted(
        **stop(facts),
        had_pickup=facts["had_pickup"],
        had_delivery=facts["had_delivery"],
        total_pickups=facts["total_pickups"],
        total_deliveries=facts["total_deliveries"],
    )


def pickup_scheduled(facts: Facts) -> PickupScheduled:
    return PickupScheduled(scheduled_by=facts["scheduled_by"], pickup_date=facts["pickup_date"])


def customer_canceled_pickup(facts: Facts) -> CustomerCanceledPickup:
    return CustomerCanceledPickup(
        canceled_via=facts["canceled_via"], pickup_date=facts["pickup_date"]
    )


def customer_requested_regular_pickups(facts: Facts) -> CustomerRequestedRegularPickups:
    return CustomerRequestedRegularPickups(address=facts["address"])


def order(facts: Facts) -> OrderProperties:
    value = amount(facts["value"])
    return OrderProperties(
        order_id=facts["order_id"],
        agent=facts["agent"],
        customer_brand=facts["customer_brand"],
        value=value,
        revenue=value,
        currency=facts["currency"],
        sold_by=facts["sold_by"],
        returned_by=facts["returned_by"],
        discount=discount(facts["discount"]),
    )


def order_line_item_returned(facts: Facts) -> OrderLineItemReturned:
    return OrderLineItemReturned(
        **order(facts),
        department=facts["department"],
        line_item_id=facts["line_item_id"],
        description=facts["description"],
        quantity=facts["quantity"],
        price=amount(facts["price"]),
    )


def new_customer_signup(facts: Facts) -> NewCustomerSignup:
    return NewCustomerSignup(source=facts["source"])


def customer_visit(facts: Facts) -> CustomerVisit:
    return CustomerVisit(visit_type=facts["visit_type"])


def customer_lost(facts: Facts) -> CustomerLost:
    return CustomerLost(
        last_visit=facts["last_visit"],
        days_since_visit=facts["days_since_visit"],
        visit_frequency=facts["visit_frequency"],
    )


def customer_birthday(facts: Facts) -> CustomerBirthday:
    return CustomerBirthday(birthday=facts["birthday"])
