"""Actions of drivers at customers' addresses, through the delivery app."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from django.utils import timezone

from devtools.demo import line_items
from devtools.demo.api_client import Row
from devtools.demo.choices import choose, choose_customer, customer_name, oldest_order
from devtools.demo.remote_business import RemoteBusiness

STOPS_WITHOUT_NETWORK: Final = 3
MINUTES_BETWEEN_STOPS: Final = 6


def pick_up(business: RemoteBusiness, random: Random) -> str | None:
    """Pick up an order, and deliver what is ready for the customer."""
    customer = choose_customer(business, random)
    if customer is None:
        return None
    driver = choose(business.drivers, random)
    stop = _find_or_create_stop(business, random, customer, driver)
    order = business.phone.post(
        "orders",
        customer=customer["id"],
        items=line_items.line_items_as_json(line_items.random_line_items(business, random)),
        agent=stop["route"],
        sold_by=_id(driver),
        discount=customer["discount"],
        tax_rate=str(business.demo.tax_rate),
        stop=stop["id"],
    )
    ready = [
        waiting["id"]
        for waiting in business.phone.list_rows("orders", customer=customer["id"], status="ready")
    ]
    business.phone.post(f"stops/{stop['id']}/complete", driver=_id(driver), delivered_orders=ready)
    return f"{_name(driver)} picked up order {order['number']} at {customer_name(customer)}'s"


def deliver(business: RemoteBusiness, random: Random) -> str | None:
    order = oldest_order(business, "ready")
    if order is None:
        return None
    customer, driver = (
        business.phone.get(f"customers/{order['customer']}"),
        choose(business.drivers, random),
    )
    stop = _find_or_create_stop(business, random, customer, driver)
    business.phone.post(
        f"stops/{stop['id']}/complete", driver=_id(driver), delivered_orders=[order["id"]]
    )
    return f"{_name(driver)} delivered order {order['number']} at {customer_name(customer)}'s"


def miss_stop(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    driver = choose(business.drivers, random)
    stop = _find_or_create_stop(business, random, customer, driver)
    business.phone.post(f"stops/{stop['id']}/miss", driver=_id(driver))
    return f"{_name(driver)} found nothing to pick up at {customer_name(customer)}'s"


def send_late_reports(business: RemoteBusiness, random: Random) -> str | None:
    """Report several stops late, after a time without network, and not in their order."""
    driver = choose(business.drivers, random)
    customers = {
        one["id"]: one
        for _ in range(STOPS_WITHOUT_NETWORK)
        if (one := choose_customer(business, random))
    }
    if not customers:
        return None
    stops = [
        _find_or_create_stop(business, random, customer, driver) for customer in customers.values()
    ]
    now = timezone.now()
    reports = [
        _report(
            business, random, stop, driver, now - timedelta(minutes=MINUTES_BETWEEN_STOPS * ago)
        )
        for ago, stop in enumerate(stops, 1)
    ]
    random.shuffle(reports)
    results = business.phone.post("stops/reports", reports=reports)["answers"]
    done = sum(result["status"] == "done" for result in results)
    refused = "".join(
        f"; refused: {error['message']}" for result in results for error in result["errors"]
    )
    stops_reported = f"{done} earlier {'stop' if done == 1 else 'stops'}"
    return f"{_name(driver)} had no network and has now reported {stops_reported}{refused}"


def _report(
    business: RemoteBusiness, random: Random, stop: Row, driver: Row | None, at: datetime
) -> dict[str, Any]:
    report: dict[str, Any] = {"stop": stop["id"], "driver": _id(driver), "at": at.isoformat()}
    if random.random() < 1 / STOPS_WITHOUT_NETWORK:
        return report | {"outcome": "missed"}
    order = {
        "items": line_items.line_items_as_json(line_items.random_line_items(business, random)),
        "tax_rate": str(business.demo.tax_rate),
    }
    return report | {"outcome": "completed", "new_orders": [order]}


def _find_or_create_stop(
    business: RemoteBusiness, random: Random, customer: Row, driver: Row | None
) -> Row:
    """Return the customer's pending stop of today, or create one."""
    today = business.today.isoformat()
    planned = business.phone.list_rows(
        "stops", customer=customer["id"], day=today, status="pending"
    )
    if planned:
        return planned[-1]
    route = choose(business.routes, random)
    return business.phone.post(
        "stops", customer=customer["id"], scheduled_for=today, driver=_id(driver), route=route
    )


def _id(driver: Row | None) -> str | None:
    return driver["id"] if driver else None


def _name(driver: Row | None) -> str:
    return driver["name"] if driver else "a driver"
