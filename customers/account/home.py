"""The first page of the account, and the orders."""

from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from customers.account.login import customer_view
from customers.account.rendering import account_page
from customers.models import Customer, Order, RegularPickupRequest, Stop
from customers.models.pickup import PickupRequest

ORDERS_PER_PAGE: Final = 20
"""A few screens on a phone."""
ROUTE_STOPS_LISTED: Final = 10
"""Stops of a regular route on the first page.

All pickups that the customer scheduled are listed: only there can they be canceled.
"""


class UpcomingPickup(NamedTuple):
    """A day on which our van comes.

    `pickup` is the customer's own pickup request, which they may cancel.
    """

    day: date
    pickup: UUID | None


@customer_view
def home(request: HttpRequest, customer: Customer) -> HttpResponse:
    current_orders = customer.orders.exclude(status=Order.Status.RETURNED).order_by(
        "-created_at", "-pk"
    )
    return account_page(
        request,
        customer,
        "home",
        pickups=upcoming_pickups(customer),
        orders=current_orders[:ORDERS_PER_PAGE],
        **regular_pickup_state(customer),
    )


@customer_view
def orders(request: HttpRequest, customer: Customer) -> HttpResponse:
    number = page_number(request.GET.get("page", ""))
    start = (number - 1) * ORDERS_PER_PAGE
    newest_first = customer.orders.order_by("-created_at", "-pk").prefetch_related("items")
    # One more than is listed shows whether there are older ones.
    rows = list(newest_first[start : start + ORDERS_PER_PAGE + 1])
    older = number + 1 if len(rows) > ORDERS_PER_PAGE else None
    return account_page(
        request, customer, "orders", orders=rows[:ORDERS_PER_PAGE], older=older, newer=number - 1
    )


def upcoming_pickups(customer: Customer) -> list[UpcomingPickup]:
    """Return the customer's own pickups, and the regular stops on other days."""
    today = customer.business.today()
    pickups = customer.pickup_requests.filter(
        status=PickupRequest.Status.SCHEDULED, pickup_date__gte=today
    ).order_by("pickup_date")
    stops = customer.stops.filter(status=Stop.Status.PENDING, scheduled_for__gte=today).order_by(
        "scheduled_for"
    )
    days: dict[date, UUID | None] = dict.fromkeys(
        stops.values_list("scheduled_for", flat=True)[:ROUTE_STOPS_LISTED]
    )
    days |= dict(pickups.values_list("pickup_date", "uuid"))
    return [UpcomingPickup(day, days[day]) for day in sorted(days)]


def regular_pickup_state(customer: Customer) -> dict[str, Any]:
    """Return whether regular pickups are on, requested, or declined for the customer's address."""
    pending = customer.regular_pickup_requests.filter(
        status=RegularPickupRequest.Status.PENDING
    ).exists()
    on_route = customer.delivery_preference == Customer.DeliveryPreference.ROUTE_REGULAR
    declined = customer.delivery_preference == Customer.DeliveryPreference.ADDRESS_DECLINED
    return {"pending": pending, "on_route": on_route, "declined": declined}


def page_number(value: str) -> int:
    """Return the number of the requested page, by default 1.

    At most 10,000: PostgreSQL reads and skips the rows of all pages before.
    """
    is_number = value.isascii() and value.isdecimal() and len(value) < 10
    return min(max(int(value), 1), 10_000) if is_number else 1
