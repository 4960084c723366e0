"""Actions of counter staff, through the till. Each returns a sentence, or None if impossible."""

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
    total = f"{order['total']} {business.currency}"
    return f"{customer_name(customer)} dropped off order {order['number']}, {total}"


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
    return f"{_name_of(business, order['customer'])} picked up order {order['number']}"


def return_one_item(business: RemoteBusiness, random: Random) -> str | None:
    """Return one item that the customer needs today. The rest is picked up later."""
    order = oldest_order(business, "ready")
    remaining = [item for item in order["items"] if item["returned_at"] is None] if order else []
    if order is None or not remaining:
        return None
    item = remaining[0]
    business.till.post(
        f"orders/{order['id']}/return", by=choose(business.counter, random), items=[item["id"]]
    )
    name = _name_of(business, order["customer"])
    return f"{name} picked up an item of order {order['number']}: {item['description']}"


def schedule_pickup(business: RemoteBusiness, random: Random) -> str | None:
    """Schedule a pickup for a customer who calls."""
    customer = choose_customer(business, random)
    if customer is None:
        return None
    day, employee = choose_pickup_date(business, random), choose(business.counter, random)
    pickup = business.till.post(
        "pickup-requests", customer=customer["id"], pickup_date=day.isoformat(), employee=employee
    )
    return f"{customer_name(customer)} scheduled a pickup for {pickup['pickup_date']} by phone"


def cancel_pickup(business: RemoteBusiness, random: Random) -> str | None:
    """Cancel a pickup as an employee. That is no event: only the customer's own cancellation is."""
    pickup = choose_pickup(business, random)
    if pickup is None:
        return None
    business.till.post(f"pickup-requests/{pickup['id']}/cancel")
    name = _name_of(business, pickup["customer"])
    return f"an employee canceled the pickup at {name}'s on {pickup['pickup_date']}"


def decide_regular_pickup_request(business: RemoteBusiness, random: Random) -> str | None:
    request = choose(business.till.list_rows("regular-pickup-requests", status="pending"), random)
    if request is None:
        return None
    approved = random.random() < APPROVAL_RATE
    business.till.post(
        f"regular-pickup-requests/{request['id']}/{'approve' if approved else 'decline'}"
    )
    customer = _name_of(business, request["customer"])
    return (
        f"{customer} is now on a regular route"
        if approved
        else f"no route passes {customer}'s address"
    )


def change_account(business: RemoteBusiness, random: Random) -> str | None:
    """Change the group, the discount, the store or another field of the account."""
    customer = choose_customer(business, random)
    if customer is None:
        return None
    fields = people.random_account_fields(business, random)
    for what in ("emails", "texts"):
        if customer[f"{what}_opted_out_at"]:
            # Only the customer turns it on again.
            fields.pop(f"receive_{what}")
    field, value = random.choice([*fields.items()])
    business.till.patch(f"customers/{customer['id']}", **{field: value})
    return f"an employee changed {customer_name(customer)}'s {field.replace('_', ' ')}"


def _name_of(business: RemoteBusiness, customer: str) -> str:
    return customer_name(business.till.get(f"customers/{customer}"))
