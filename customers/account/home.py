"""The first page, and the orders."""

from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from customers.account.login import customer_view
from customers.account.rendering import account_page
from customers.models import Customer, Order, RegularPickupRequest, Stop
from customers.models.pickup import PickupRequest

ORDERS_PER_PAGE: Final = 20
"""Orders on a page."""
ROUTE_STOPS_LISTED: Final = 10
"""Stops of a regular route that are listed. What the customer scheduled is listed however much it is: it can be canceled here alone."""


class UpcomingPickup(NamedTuple):
    """A day on which a van comes by; `pickup` names the customer's own request, which they may cancel."""

    day: date
    pickup: UUID | None


@customer_view
def home(request: HttpRequest, customer: Customer) -> HttpResponse:
    here = customer.orders.exclude(status=Order.Status.RETURNED).order_by("-created_at", "-pk")[
        :ORDERS_PER_PAGE
    ]
    return account_page(
        request,
        customer,
        "home",
        coming=upcoming_pickups(customer),
        orders=here,
        **regular_pickup_state(customer),
    )


@customer_view
def orders(request: HttpRequest, customer: Customer) -> HttpResponse:
    number = page_number(request.GET.get("page", ""))
    start = (number - 1) * ORDERS_PER_PAGE
    newest = customer.orders.order_by("-created_at", "-pk").prefetch_related("items")
    # one more than is shown tells whether there are older ones
    rows = list(newest[start : start + ORDERS_PER_PAGE + 1])
    older = number + 1 if len(rows) > ORDERS_PER_PAGE else None
    return account_page(
        request, customer, "orders", orders=rows[:ORDERS_PER_PAGE], older=older, newer=number - 1
    )


def upcoming_pickups(customer: Customer) -> list[UpcomingPickup]:
    """The customer's own requests, and the stops of a regular route on other days."""
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
    """Whether a wish to join a route may be uttered, and what became of the last one."""
    pending = customer.regular_pickup_requests.filter(
        status=RegularPickupRequest.Status.PENDING
    ).exists()
    on_route = customer.delivery_preference == Customer.DeliveryPreference.ROUTE_REGULAR
    declined = customer.delivery_preference == Customer.DeliveryPreference.ADDRESS_DECLINED
    return {"pending": pending, "on_route": on_route, "declined": declined}


def page_number(said: str) -> int:
    """At most so many that the database can count up to them."""
    return (
        min(max(int(said), 1), 10_000)
        if said.isascii() and said.isdecimal() and len(said) < 10
        else 1
    )
