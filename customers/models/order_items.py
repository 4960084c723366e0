"""The line items of an order: locked, selected, inserted and added up by the order's actions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import router

from customers.errors import ActionRefused
from customers.models.line_item import MAX_MONEY, LineItem, NewLineItem
from customers.models.tenant import lockable
from customers.money import Totals, totals

if TYPE_CHECKING:
    from customers.models.order import Order


def locked_items(order: "Order") -> list[LineItem]:
    """Lock and return the items of an order that is locked already."""
    items = list(lockable(LineItem).filter(order=order).order_by("pk"))
    for item in items:
        item.order = order
    return items


def still_here(items: Iterable[LineItem]) -> list[LineItem]:
    return [item for item in items if item.returned_at is None]


def select_items(
    order: "Order", items: Iterable[LineItem], present: list[LineItem]
) -> list[LineItem]:
    """Return those of `present` that `items` names. Raises ActionRefused unless all are there."""
    ids = {item.pk for item in items}
    selected = [item for item in present if item.pk in ids]
    absent = ids - {item.pk for item in selected}
    if absent or not ids:
        raise _absence(order, absent)
    return selected


def _absence(order: "Order", ids: set[int]) -> ActionRefused:
    """Return why items cannot be selected: they were returned, or are not in the order."""
    rows = LineItem.objects.filter(order=order, pk__in=ids).order_by("pk")
    descriptions = list(rows.values_list("description", flat=True))
    if not ids or len(descriptions) < len(ids):
        return ActionRefused(
            f"Order {order.number} no longer has all of these items.", "not_in_order", "items"
        )
    return ActionRefused(
        f"{descriptions[0]} of order {order.number} was already returned.",
        "item_returned_already",
        "items",
    )


def new_lines(order: "Order", items: Iterable[NewLineItem]) -> list[LineItem]:
    """Validate the items. Returns unsaved line items, without their order."""
    for item in items:
        item.validate(order.business_id)
    return [LineItem.from_new(item, order.business.currency) for item in items]


def insert_lines(order: "Order", lines: list[LineItem]) -> None:
    """Insert the lines in one statement, and send post_save for each."""
    for line in lines:
        line.order = order
    using = router.db_for_write(LineItem, instance=order)
    for line in LineItem.objects.using(using).bulk_create(lines):
        line.send_created(using)


def order_totals(order: "Order", lines: list[LineItem]) -> Totals:
    """Return the totals of the lines with the order's discount and tax rate."""
    deduction = order.discount.deduction if order.discount else None
    currency = order.business.currency
    amounts = [line.charged(currency) for line in lines]
    sums = totals(amounts, deduction, order.tax_rate, currency)
    if max(sums) >= MAX_MONEY:
        raise ActionRefused("An order must total less than 10 billion.", "invalid", "items")
    return sums
