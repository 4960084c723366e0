"""The events of orders and their line items."""

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from events.definitions.definition import Before, Facts, Heading, History, SavedEvent
from events.definitions.properties import (
    DiscountProperties,
    amount,
    amount_fact,
    discount_properties,
    json_number,
)
from events.occurrences import Lookup

if TYPE_CHECKING:
    from customers.models import LineItem, Order

ORDERS = "customers_order r"
ORDER_ITEMS = "customers_lineitem r JOIN customers_order o ON o.id = r.order_id"
WHICH_ORDER = "'order ' || r.number"


class OrderProperties(TypedDict):
    order_id: str
    agent: str | None
    customer_brand: str
    value: float
    revenue: float
    currency: str
    sold_by: str | None
    returned_by: str | None
    discount: DiscountProperties | None


def order_properties(facts: Facts) -> OrderProperties:
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
        discount=discount_properties(facts["discount"]),
    )


def order_facts(order: "Order") -> Facts:
    return {
        "order_id": order.number,
        "agent": Lookup("agent", order.agent_id),
        "customer_brand": Lookup("brand_of_customer", order.customer_id),
        "value": amount_fact(order.total, Lookup("total_of_order", order.pk)),
        "currency": Lookup("currency_of_business", order.business_id),
        "sold_by": Lookup("employee", order.sold_by_id),
        "returned_by": Lookup("employee", order.returned_by_id),
        "discount": Lookup("discount", order.discount_id),
    }


def past_order_facts(order: "Order", at: datetime) -> Facts:
    """Return the order's facts at that time: before its return, nobody had returned it."""
    facts = order_facts(order)
    was_returned = order.returned_at is not None and order.returned_at <= at
    return facts if was_returned else {**facts, "returned_by": None}


class OrderEvent(SavedEvent, abstract=True):
    """An event about a whole order."""

    heading = Heading.ORDERS
    model = "customers.Order"
    facts = staticmethod(order_facts)
    properties = staticmethod(order_properties)

    @classmethod
    def past_facts(cls, row: "Order", at: datetime) -> Facts:
        return past_order_facts(row, at)


class OrderCreated(OrderEvent):
    name = "Order Created"
    version = 1
    sent_when = "An order was created for the customer, in the point of sale or the delivery app."
    not_yet = "No order has been created for this customer."
    history = History(
        rows=ORDERS, at="r.created_at", about=WHICH_ORDER, is_visit="r.stop_id IS NULL"
    )

    @staticmethod
    def trigger(before: Before, order: "Order") -> bool:
        return before is None

    @staticmethod
    def occurred_at(order: "Order") -> datetime:
        return order.created_at


class OrderReady(OrderEvent):
    name = "Order Ready"
    version = 1
    sent_when = "An order became ready to be picked up or delivered."
    not_yet = "No order of this customer has become ready."
    history = History(rows=ORDERS, at="r.ready_at", about=WHICH_ORDER)

    @staticmethod
    def trigger(before: Before, order: "Order") -> bool:
        return "status" in order.changed and order.status == "ready"

    @staticmethod
    def occurred_at(order: "Order") -> datetime | None:
        return order.ready_at


class OrderReturned(OrderEvent):
    name = "Order Returned"
    version = 1
    sent_when = "An order was returned to the customer, in a store or by a driver."
    not_yet = "No order has been returned to this customer."
    history = History(rows=ORDERS, at="r.returned_at", about=WHICH_ORDER, is_visit="TRUE")

    @staticmethod
    def trigger(before: Before, order: "Order") -> bool:
        return "status" in order.changed and order.status == "returned"

    @staticmethod
    def occurred_at(order: "Order") -> datetime | None:
        return order.returned_at


class OrderLineItemReturned(SavedEvent):
    name = "Order Line Item Returned"
    version = 2
    heading = Heading.ORDERS
    sent_when = "Sent once for each line item that was returned to the customer."
    not_yet = "No line item has been returned to this customer."
    model = "customers.LineItem"
    customer_id = "order.customer_id"
    history = History(
        rows=ORDER_ITEMS,
        customer="o.customer_id",
        at="r.returned_at",
        about="r.description || ', order ' || o.number",
    )

    class Properties(OrderProperties):
        department: str | None
        line_item_id: str
        description: str
        quantity: float
        price: float

    @staticmethod
    def trigger(before: Before, item: "LineItem") -> bool:
        return item.returned_at is not None and "returned_at" in item.changed

    @staticmethod
    def occurred_at(item: "LineItem") -> datetime | None:
        return item.returned_at

    @staticmethod
    def facts(item: "LineItem") -> Facts:
        return {
            **order_facts(item.order),
            "department": Lookup("department", item.department_id),
            "line_item_id": str(item.pk),
            "description": item.description,
            "quantity": json_number(item.quantity),
            "price": amount_fact(item.price, Lookup("price_of_item", item.pk)),
        }

    @classmethod
    def past_facts(cls, row: "LineItem", at: datetime) -> Facts:
        return {**cls.facts(row), **past_order_facts(row.order, at)}

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return OrderLineItemReturned.Properties(
            **order_properties(facts),
            department=facts["department"],
            line_item_id=facts["line_item_id"],
            description=facts["description"],
            quantity=facts["quantity"],
            price=amount(facts["price"]),
        )
