"""The search box: a message id, an order number, or a customer's name, email or phone."""

import re
from collections.abc import Sequence
from typing import Final

from customers.models import LineItem, Order
from customers.search import find_customers, find_orders
from events import catalogue
from events.send_log.filter import SearchResult

MOST_CUSTOMERS: Final = 50
"""Customers whose messages are shown. Each costs a look into every month of the log. Users whose
text matches more customers are asked to type more of it."""
MESSAGE_ID: Final = re.compile(r"[0-9a-fA-F]{32}")

EVENTS_OF_ORDER: Final = tuple(event.name for event in catalogue.events_of("customers.Order"))
EVENTS_OF_LINE_ITEM: Final = tuple(
    event.name for event in catalogue.events_of("customers.LineItem")
)


def search(text: str, businesses: Sequence[int] | None) -> SearchResult:
    """Return what the text matches in these businesses. None is all of them."""
    text = text.strip()
    if MESSAGE_ID.fullmatch(text):
        return SearchResult(message_id=text.lower())
    return _find_orders(text, businesses) or _find_customers(text, businesses)


def _find_orders(text: str, businesses: Sequence[int] | None) -> SearchResult:
    ids = find_orders(text, businesses, MOST_CUSTOMERS, whole_number=True).ids
    if not ids:
        return SearchResult()
    orders = Order.objects.filter(pk__in=ids).values_list("customer_id", "pk")
    items = LineItem.objects.filter(order__in=ids).values_list("pk", flat=True)
    subjects = [(event, order) for _, order in orders for event in EVENTS_OF_ORDER]
    subjects += [(event, item) for item in items for event in EVENTS_OF_LINE_ITEM]
    customers = tuple(sorted({customer for customer, _ in orders}))
    return SearchResult(customers, subjects=tuple(subjects))


def _find_customers(text: str, businesses: Sequence[int] | None) -> SearchResult:
    found = find_customers(text, businesses, MOST_CUSTOMERS)
    return SearchResult(found.ids, more=found.more)
