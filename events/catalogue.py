"""The one list of events. Switches, documentation, admin and tests are loops over it.

To add an event: an entry here, a payload function in `events.payloads`, a branch in `events.triggers` (or a sweep). No migration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from events import payloads
from events.payloads import Facts

PICKUP_COMPLETED = "Pickup Completed"
PICKUP_MISSED = "Pickup Missed"
PICKUP_SCHEDULED = "Pickup Scheduled"
CUSTOMER_CANCELED_PICKUP = "Customer Canceled Pickup"
CUSTOMER_REQUESTED_REGULAR_PICKUPS = "Customer Requested Regular Pickups"
ORDER_CREATED = "Order Created"
ORDER_READY = "Order Ready"
ORDER_RETURNED = "Order Returned"
ORDER_LINE_ITEM_RETURNED = "Order Line Item Returned"
NEW_CUSTOMER_SIGNUP = "New Customer Signup"
CUSTOMER_VISIT = "Customer Visit"
CUSTOMER_LOST = "Customer Lost"
CUSTOMER_BIRTHDAY = "Customer Birthday"

# The headings under which an owner finds them.
PICKUPS, ORDERS, CUSTOMERS = "Pickups and deliveries", "Orders", "Customers"


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of event: its name as receivers know it, when it happens in an owner's words, what its message says, and what it is about."""

    name: str
    happens_when: str
    properties: Callable[[Facts], Mapping[str, Any]]
    about: str


EVENTS: tuple[Event, ...] = (
    Event(
        PICKUP_COMPLETED,
        "A driver completed a stop and picked something up from the customer or delivered something.",
        payloads.pickup_completed,
        PICKUPS,
    ),
    Event(
        PICKUP_MISSED,
        "A driver completed a stop, but there was nothing to pick up or deliver.",
        payloads.stop,
        PICKUPS,
    ),
    Event(
        PICKUP_SCHEDULED,
        "A pickup was scheduled by hand, by the customer on the website or by an employee.",
        payloads.pickup_scheduled,
        PICKUPS,
    ),
    Event(
        CUSTOMER_CANCELED_PICKUP,
        'The customer canceled a scheduled pickup, on the website or by answering "No" to the nightly text.',
        payloads.customer_canceled_pickup,
        PICKUPS,
    ),
    Event(
        CUSTOMER_REQUESTED_REGULAR_PICKUPS,
        "The customer asked on the website to join a regular delivery route.",
        payloads.customer_requested_regular_pickups,
        PICKUPS,
    ),
    Event(
        ORDER_CREATED,
        "An order was created for the customer, in the point of sale or the delivery app.",
        payloads.order,
        ORDERS,
    ),
    Event(
        ORDER_READY, "An order became ready to be picked up or delivered.", payloads.order, ORDERS
    ),
    Event(
        ORDER_RETURNED,
        "An order went back to the customer, in a store or by a driver.",
        payloads.order,
        ORDERS,
    ),
    Event(
        ORDER_LINE_ITEM_RETURNED,
        "Once for each item that went back to the customer, with its department.",
        payloads.order_line_item_returned,
        ORDERS,
    ),
    Event(
        NEW_CUSTOMER_SIGNUP,
        "A customer was created, in the point of sale or on the website.",
        payloads.new_customer_signup,
        CUSTOMERS,
    ),
    Event(
        CUSTOMER_VISIT,
        "The customer's first driver pickup or delivery, store visit or signup of the day. At most once a day.",
        payloads.customer_visit,
        CUSTOMERS,
    ),
    Event(
        CUSTOMER_LOST,
        "The customer has not visited for longer than their usual rhythm allows.",
        payloads.customer_lost,
        CUSTOMERS,
    ),
    Event(
        CUSTOMER_BIRTHDAY,
        "Every year on the customer's birthday. You choose which custom field holds the birthday.",
        payloads.customer_birthday,
        CUSTOMERS,
    ),
)

BY_NAME: Mapping[str, Event] = {event.name: event for event in EVENTS}
EVENT_NAMES: frozenset[str] = frozenset(BY_NAME)
