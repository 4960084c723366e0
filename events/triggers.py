"""Which events a save means. Pure: `before` holds the row's values before the save (None when it was created), `after` is the row,
whose `changed` names what this save wrote and changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from events import catalogue
from events.occurrences import Lookup, Occurrence

if TYPE_CHECKING:
    from customers.models import (
        Customer,
        LineItem,
        Order,
        PickupRequest,
        RegularPickupRequest,
        Stop,
        Visit,
    )

Before = Mapping[str, Any] | None

ORDER_EVENTS = {
    "ready": (catalogue.ORDER_READY, "ready_at"),
    "returned": (catalogue.ORDER_RETURNED, "returned_at"),
}
CENT = Decimal("0.01")
CANCELED_BY_CUSTOMER = {"Website", "Text"}


def customer(before: Before, after: "Customer", now: datetime) -> Iterator[Occurrence]:
    if before is None:
        yield Occurrence(
            catalogue.NEW_CUSTOMER_SIGNUP, after.pk, after.created_at, {"source": after.source}
        )


def visit(before: Before, after: "Visit", now: datetime) -> Iterator[Occurrence]:
    if before is None:
        yield Occurrence(
            catalogue.CUSTOMER_VISIT, after.pk, after.at, {"visit_type": after.visit_type}
        )


def order(before: Before, after: "Order", now: datetime) -> Iterator[Occurrence]:
    if before is None:
        yield Occurrence(catalogue.ORDER_CREATED, after.pk, after.created_at, order_facts(after))
    if "status" in after.changed and after.status in ORDER_EVENTS:
        event, moment = ORDER_EVENTS[after.status]
        yield Occurrence(event, after.pk, getattr(after, moment) or now, order_facts(after))


def line_item(before: Before, after: "LineItem", now: datetime) -> Iterator[Occurrence]:
    if after.returned_at and "returned_at" in after.changed:
        facts = order_facts(after.order) | {
            "department": Lookup("department", after.department_id),
            "line_item_id": str(after.pk),
            "description": after.description,
            "quantity": after.quantity,
            "price": money(after.price, Lookup("price_of_item", after.pk)),
        }
        yield Occurrence(catalogue.ORDER_LINE_ITEM_RETURNED, after.pk, after.returned_at, facts)


def stop(before: Before, after: "Stop", now: datetime) -> Iterator[Occurrence]:
    if "status" not in after.changed:
        return
    if after.status == "completed":
        counts = {
            name: getattr(after, name)
            for name in ("had_pickup", "had_delivery", "total_pickups", "total_deliveries")
        }
        yield Occurrence(
            catalogue.PICKUP_COMPLETED,
            after.pk,
            after.completed_at or now,
            stop_facts(after) | counts,
        )
    elif after.status == "missed":
        yield Occurrence(
            catalogue.PICKUP_MISSED, after.pk, after.completed_at or now, stop_facts(after)
        )


def pickup_request(before: Before, after: "PickupRequest", now: datetime) -> Iterator[Occurrence]:
    date = after.pickup_date.isoformat()
    if before is None:
        facts = {"scheduled_by": after.scheduled_by, "pickup_date": date}
        yield Occurrence(catalogue.PICKUP_SCHEDULED, after.pk, after.created_at, facts)
    if "canceled_via" in after.changed and after.canceled_via in CANCELED_BY_CUSTOMER:
        facts = {"canceled_via": after.canceled_via, "pickup_date": date}
        yield Occurrence(
            catalogue.CUSTOMER_CANCELED_PICKUP, after.pk, after.canceled_at or now, facts
        )


def regular_pickup_request(
    before: Before, after: "RegularPickupRequest", now: datetime
) -> Iterator[Occurrence]:
    if before is None:
        yield Occurrence(
            catalogue.CUSTOMER_REQUESTED_REGULAR_PICKUPS,
            after.pk,
            after.requested_at,
            {"address": after.address},
        )


def money(value: object, stored: Lookup) -> str | Lookup:
    """As the column stores it: an amount with more digits, or a float, is rounded alike, and what an expression came to is looked up."""
    if hasattr(value, "resolve_expression"):
        return stored
    return str(Decimal(str(value)).quantize(CENT, ROUND_HALF_UP))


def order_facts(row: "Order") -> dict[str, Any]:
    return {
        "order_id": row.number,
        "agent": Lookup("agent", row.agent_id),
        "customer_brand": Lookup("brand_of_customer", row.customer_id),
        "value": money(row.total, Lookup("total_of_order", row.pk)),
        "currency": Lookup("currency_of_business", row.business_id),
        "sold_by": Lookup("employee", row.sold_by_id),
        "returned_by": Lookup("employee", row.returned_by_id),
        "discount": Lookup("discount", row.discount_id),
    }


def stop_facts(row: "Stop") -> dict[str, Any]:
    return {
        "driver": Lookup("employee", row.driver_id),
        "route": Lookup("agent", row.route_id),
        "address": row.address,
    }
