"""What counter staff do in a store, by way of the till. Each action answers with a sentence, or None when there was nothing to do."""

from random import Random
from typing import Final

from devtools.demo import line_items, people
from devtools.demo.choices import (
    choose,
    choose_customer,
    choose_pickup,
    choose_pickup_date,
    customer_name,
    oldest_order,
)
from devtools.demo.remote_business import RemoteBusiness

APPROVAL_RATE: Final = 0.8


def sign_up(business: RemoteBusiness, random: Random) -> str | None:
    details = people.random_customer(business, random, random.randrange(1000))
    customer = business.till.post("customers", **people.customer_as_json(details))
    return f"{customer_name(customer)} signed up at the counter"


def create_order(business: RemoteBusiness, random: Random) -> str | None:
    customer = choose_customer(business, random)
    if customer is None:
        return None
    order = business.till.post(
        "orders",
        customer=customer["id"],
        items=line_items.line_items_as_json(line_items.random_line_items(business, random)),
        agent=choose(business.stores, random),
        sold_by=choose(business.counter, random),
        discount=customer["discount"],
        tax_rate=str(business.demo.tax_rate),
        bags=random.choice((1, 1, 2)),
    )
    return f"{customer_name(customer)} brought order {order['number']}, {order['total']} {business.currency}"


def mark_ready(business: RemoteBusiness, random: Random) -> str | None:
    order = oldest_order(business, "open")
    if order is None:
        return None
    business.till.post(f"orders/{order['id']}/ready")
    return f"order {order['number']} of {_name_of(business, order['customer'])} is ready"


def return_order(business: RemoteBusiness, random: Random) -> str | None:
    order = oldest_order(business, "ready")
    if order is None:
        return None
    business.till.post(f"orders/{order['id']}/return", by=choose(business.counter, random))
    return f"{_name_of(business, order['customer'])} fetched order {order['number']}"


def return_one_item(business: RemoteBusiness, random: Random) -> str | None:
    """Somebody needs the suit today and will come again for the rest."""
    order = oldest_order(business, "ready")
    still_here = [item for item in order["items"] if item["returned_at"] is None] if order else []
    if order is None or not still_here:
        return None
    item = still_here[0]
    business.till.post(
        f"orders/{order['id']}/return", by=choose(business.counter, random), items=[item["id"]]
    )
    return f"{_name_of(business, order['customer'])} fetched an item of order {order['number']}: {item['description']}"


def schedule_pickup(business: RemoteBusiness, random: Random) -> str | None:
    """Somebody called."""
    customer = choose_customer(business, random)
    if customer is None:
        return None
    day, employee = choose_pickup_date(business, random), choose(business.counter, random)
    pickup = business.till.post(
        "pickup-requests", customer=customer["id"], pickup_date=day.isoformat(), employee=employee
    )
    return f"a pickup at {customer_name(customer)}'s was scheduled for {pickup['pickup_date']} by telephone"


def cancel_pickup(business: RemoteBusiness, random: Random) -> str | None:
    """The van broke down: no event, as the customer did not cancel."""
    pickup = choose_pickup(business, random)
    if pickup is None:
        return None
    business.till.post(f"pickup-requests/{pickup['id']}/cancel")
    return f"the pickup at {_name_of(business, pickup['customer'])}'s on {pickup['pickup_date']} was canceled by an employee"


def decide_regular_pickup_request(business: RemoteBusiness, random: Random) -> str | None:
    wish = choose(business.till.list_rows("regular-pickup-requests", status="pending"), random)
    if wish is None:
        return None
    approved = random.random() < APPROVAL_RATE
    business.till.post(
        f"regular-pickup-requests/{wish['id']}/{'approve' if approved else 'decline'}"
    )
    customer = _name_of(business, wish["customer"])
    return (
        f"{customer} is on a regular route now"
        if approved
        else f"no route passes {customer}'s address"
    )


def change_account(business: RemoteBusiness, random: Random) -> str | None:
    """Another group, discount, store..."""
    customer = choose_customer(business, random)
    if customer is None:
        return None
    field, value = random.choice([*people.random_account_fields(business, random).items()])
    business.till.patch(f"customers/{customer['id']}", **{field: value})
    return f"an employee changed {customer_name(customer)}'s {field.replace('_', ' ')}"


def _name_of(business: RemoteBusiness, customer: str) -> str:
    return customer_name(business.till.get(f"customers/{customer}"))
