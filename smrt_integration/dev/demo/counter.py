"""What counter staff do in a store. Each action answers with a sentence, or None when there was nothing to do."""

from random import Random

from customers.models import Customer, Order, PickupRequest, RegularPickupRequest
from smrt_integration.dev.demo.businesses import Firm
from smrt_integration.dev.demo.goods import brought
from smrt_integration.dev.demo.people import account, person
from smrt_integration.dev.demo.whom import first_in_line, one_of, pick, some_customer, some_pickup, soon


def sign_up(firm: Firm, random: Random) -> str | None:
    customer = Customer.sign_up(firm.business, source=Customer.Source.POS, **person(firm, random, random.randrange(1000)))
    return f"{customer} signed up at the counter"


def take_in(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    order = Order.create(
        customer,
        items=brought(firm, random),
        agent=one_of(firm.stores, random),
        sold_by=one_of(firm.counter, random),
        discount=customer.discount,
        tax_rate=firm.demo.tax_rate,
        bags=random.choice((1, 1, 2)),
    )
    return f"{customer} brought order {order}, {order.total} {firm.business.currency}"


def finish(firm: Firm, random: Random) -> str | None:
    order = first_in_line(firm, Order.Status.OPEN)
    if order is None:
        return None
    order.mark_ready()
    return f"order {order} of {order.customer} is ready"


def hand_out(firm: Firm, random: Random) -> str | None:
    order = first_in_line(firm, Order.Status.READY)
    if order is None:
        return None
    order.return_to_customer(by=one_of(firm.counter, random))
    return f"{order.customer} fetched order {order}"


def hand_out_one_item(firm: Firm, random: Random) -> str | None:
    """Somebody needs the suit today and will come again for the rest."""
    order = first_in_line(firm, Order.Status.READY)
    item = order.items.filter(returned_at=None).first() if order else None
    if order is None or item is None:
        return None
    order.return_to_customer(by=one_of(firm.counter, random), items=[item])
    return f"{order.customer} fetched an item of order {order}: {item}"


def schedule_pickup(firm: Firm, random: Random) -> str | None:
    """Somebody called."""
    customer = some_customer(firm, random)
    if customer is None:
        return None
    employee = one_of(firm.counter, random)
    pickup = PickupRequest.schedule(customer, soon(firm, random), by=PickupRequest.ScheduledBy.EMPLOYEE, employee=employee)
    return f"a pickup at {customer}'s was scheduled for {pickup.pickup_date} by telephone"


def cancel_pickup(firm: Firm, random: Random) -> str | None:
    """The van broke down: no event, as the customer did not cancel."""
    pickup = some_pickup(firm, random)
    if pickup is None:
        return None
    pickup.cancel(via=PickupRequest.CanceledVia.EMPLOYEE)
    return f"the pickup at {pickup.customer}'s on {pickup.pickup_date} was canceled by an employee"


def decide_regular_pickups(firm: Firm, random: Random) -> str | None:
    waiting = RegularPickupRequest.objects.filter(business=firm.business, status=RegularPickupRequest.Status.PENDING)
    request = pick(waiting.select_related("customer"), random)
    if request is None:
        return None
    if random.random() < 0.8:
        request.approve()
        return f"{request.customer} is on a regular route now"
    request.decline()
    return f"no route passes {request.customer}'s address"


def change_account(firm: Firm, random: Random) -> str | None:
    """Another group, discount, store..."""
    customer = some_customer(firm, random)
    if customer is None:
        return None
    field, value = random.choice([*account(firm, random).items()])
    setattr(customer, field, value)
    customer.save(update_fields=[field])
    return f"an employee changed {customer}'s {field.replace('_', ' ')}"
