"""What counter staff do in a store, by way of the till. Each action answers with a sentence, or None when there was nothing to do."""

from random import Random
from typing import Final

from devtools.demo import goods, people
from devtools.demo.shop import Shop
from devtools.demo.whom import called, first_in_line, one_of, some_customer, some_pickup, soon

APPROVED: Final = 0.8


def sign_up(shop: Shop, random: Random) -> str | None:
    details = people.person(shop, random, random.randrange(1000))
    customer = shop.till.post("customers", **people.in_json(details))
    return f"{called(customer)} signed up at the counter"


def take_in(shop: Shop, random: Random) -> str | None:
    customer = some_customer(shop, random)
    if customer is None:
        return None
    order = shop.till.post(
        "orders",
        customer=customer["id"],
        items=goods.in_json(goods.brought(shop, random)),
        agent=one_of(shop.stores, random),
        sold_by=one_of(shop.counter, random),
        discount=customer["discount"],
        tax_rate=str(shop.demo.tax_rate),
        bags=random.choice((1, 1, 2)),
    )
    return f"{called(customer)} brought order {order['number']}, {order['total']} {shop.currency}"


def finish(shop: Shop, random: Random) -> str | None:
    order = first_in_line(shop, "open")
    if order is None:
        return None
    shop.till.post(f"orders/{order['id']}/ready")
    return f"order {order['number']} of {_whose(shop, order['customer'])} is ready"


def hand_out(shop: Shop, random: Random) -> str | None:
    order = first_in_line(shop, "ready")
    if order is None:
        return None
    shop.till.post(f"orders/{order['id']}/return", by=one_of(shop.counter, random))
    return f"{_whose(shop, order['customer'])} fetched order {order['number']}"


def hand_out_one_item(shop: Shop, random: Random) -> str | None:
    """Somebody needs the suit today and will come again for the rest."""
    order = first_in_line(shop, "ready")
    still_here = [item for item in order["items"] if item["returned_at"] is None] if order else []
    if order is None or not still_here:
        return None
    item = still_here[0]
    shop.till.post(
        f"orders/{order['id']}/return", by=one_of(shop.counter, random), items=[item["id"]]
    )
    return f"{_whose(shop, order['customer'])} fetched an item of order {order['number']}: {item['description']}"


def schedule_pickup(shop: Shop, random: Random) -> str | None:
    """Somebody called."""
    customer = some_customer(shop, random)
    if customer is None:
        return None
    day, employee = soon(shop, random), one_of(shop.counter, random)
    pickup = shop.till.post(
        "pickup-requests", customer=customer["id"], pickup_date=day.isoformat(), employee=employee
    )
    return (
        f"a pickup at {called(customer)}'s was scheduled for {pickup['pickup_date']} by telephone"
    )


def cancel_pickup(shop: Shop, random: Random) -> str | None:
    """The van broke down: no event, as the customer did not cancel."""
    pickup = some_pickup(shop, random)
    if pickup is None:
        return None
    shop.till.post(f"pickup-requests/{pickup['id']}/cancel")
    return f"the pickup at {_whose(shop, pickup['customer'])}'s on {pickup['pickup_date']} was canceled by an employee"


def decide_regular_pickups(shop: Shop, random: Random) -> str | None:
    wish = one_of(shop.till.every("regular-pickup-requests", status="pending"), random)
    if wish is None:
        return None
    approved = random.random() < APPROVED
    shop.till.post(f"regular-pickup-requests/{wish['id']}/{'approve' if approved else 'decline'}")
    customer = _whose(shop, wish["customer"])
    return (
        f"{customer} is on a regular route now"
        if approved
        else f"no route passes {customer}'s address"
    )


def change_account(shop: Shop, random: Random) -> str | None:
    """Another group, discount, store..."""
    customer = some_customer(shop, random)
    if customer is None:
        return None
    field, value = random.choice([*people.account(shop, random).items()])
    shop.till.patch(f"customers/{customer['id']}", **{field: value})
    return f"an employee changed {called(customer)}'s {field.replace('_', ' ')}"


def _whose(shop: Shop, customer: str) -> str:
    return called(shop.till.get(f"customers/{customer}"))
