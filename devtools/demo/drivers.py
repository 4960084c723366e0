"""What drivers do at customers' doors, with the delivery app."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from django.utils import timezone

from devtools.demo import goods
from devtools.demo.api import Row
from devtools.demo.shop import Shop
from devtools.demo.whom import called, first_in_line, one_of, some_customer

DOORS_IN_A_DEAD_SPOT: Final = 3
MINUTES_APART: Final = 6


def pick_up(shop: Shop, random: Random) -> str | None:
    """Also delivers what is ready for the customer."""
    customer = some_customer(shop, random)
    if customer is None:
        return None
    driver = one_of(shop.drivers, random)
    stop = _arrive(shop, random, customer, driver)
    order = shop.phone.post(
        "orders",
        customer=customer["id"],
        items=goods.in_json(goods.brought(shop, random)),
        agent=stop["route"],
        sold_by=_id(driver),
        discount=customer["discount"],
        tax_rate=str(shop.demo.tax_rate),
        stop=stop["id"],
    )
    ready = [
        waiting["id"]
        for waiting in shop.phone.every("orders", customer=customer["id"], status="ready")
    ]
    shop.phone.post(f"stops/{stop['id']}/complete", driver=_id(driver), delivered_orders=ready)
    return f"{_name(driver)} picked up order {order['number']} at {called(customer)}'s"


def deliver(shop: Shop, random: Random) -> str | None:
    order = first_in_line(shop, "ready")
    if order is None:
        return None
    customer, driver = (
        shop.phone.get(f"customers/{order['customer']}"),
        one_of(shop.drivers, random),
    )
    stop = _arrive(shop, random, customer, driver)
    shop.phone.post(
        f"stops/{stop['id']}/complete", driver=_id(driver), delivered_orders=[order["id"]]
    )
    return f"{_name(driver)} delivered order {order['number']} at {called(customer)}'s"


def find_nothing(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    driver = one_of(shop.drivers, random)
    stop = _arrive(shop, random, customer, driver)
    shop.phone.post(f"stops/{stop['id']}/miss", driver=_id(driver))
    return f"{_name(driver)} found nothing to pick up at {called(customer)}'s"


def report_late(shop: Shop, random: Random) -> str | None:
    """The phone had no network for some doors and tells of all of them now, as it comes by them and not as they happened."""
    driver = one_of(shop.drivers, random)
    found = {
        one["id"]: one for _ in range(DOORS_IN_A_DEAD_SPOT) if (one := some_customer(shop, random))
    }
    if not found:
        return None
    stops = [_arrive(shop, random, customer, driver) for customer in found.values()]
    now = timezone.now()
    reports = [
        _report(shop, random, stop, driver, now - timedelta(minutes=MINUTES_APART * ago))
        for ago, stop in enumerate(stops, 1)
    ]
    random.shuffle(reports)
    answers = shop.phone.post("stops/reports", reports=reports)["answers"]
    done = sum(answer["status"] == "done" for answer in answers)
    refused = "".join(
        f"; refused: {answer['detail']}" for answer in answers if answer["status"] == "refused"
    )
    return f"{_name(driver)} had no network and now told of {done} {'stop' if done == 1 else 'stops'} from before{refused}"


def _report(
    shop: Shop, random: Random, stop: Row, driver: Row | None, at: datetime
) -> dict[str, Any]:
    report: dict[str, Any] = {"stop": stop["id"], "driver": _id(driver), "at": at.isoformat()}
    if random.random() < 1 / DOORS_IN_A_DEAD_SPOT:
        return report | {"outcome": "missed"}
    order = {
        "items": goods.in_json(goods.brought(shop, random)),
        "tax_rate": str(shop.demo.tax_rate),
    }
    return report | {"outcome": "completed", "new_orders": [order]}


def _arrive(shop: Shop, random: Random, customer: Row, driver: Row | None) -> Row:
    """At a stop of today's route; whoever planned it did so unseen."""
    today = shop.today.isoformat()
    planned = shop.phone.every("stops", customer=customer["id"], day=today, status="pending")
    if planned:
        return planned[-1]
    route = one_of(shop.routes, random)
    return shop.phone.post(
        "stops", customer=customer["id"], scheduled_for=today, driver=_id(driver), route=route
    )


def _id(driver: Row | None) -> str | None:
    return driver["id"] if driver else None


def _name(driver: Row | None) -> str:
    return driver["name"] if driver else "a driver"
