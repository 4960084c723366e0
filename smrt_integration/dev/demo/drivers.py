"""What drivers do at customers' doors, with the delivery app."""

from random import Random

from django.db import transaction

from customers.models import Customer, Employee, Order, Stop
from smrt_integration.dev.demo.businesses import Firm
from smrt_integration.dev.demo.goods import brought
from smrt_integration.dev.demo.whom import first_in_line, one_of, some_customer


@transaction.atomic
def pick_up(firm: Firm, random: Random) -> str | None:
    """Also delivers what is ready for the customer."""
    customer = some_customer(firm, random)
    if customer is None:
        return None
    stop, driver = _arrive(firm, random, customer)
    order = Order.create(
        customer,
        items=brought(firm, random),
        agent=stop.route,
        sold_by=driver,
        discount=customer.discount,
        tax_rate=firm.demo.tax_rate,
        stop=stop,
    )
    stop.complete(driver, new_orders=[order], delivered_orders=list(Order.objects.filter(customer=customer, status=Order.Status.READY)))
    return f"{driver} picked up order {order} at {customer}'s"


@transaction.atomic
def deliver(firm: Firm, random: Random) -> str | None:
    order = first_in_line(firm, Order.Status.READY)
    if order is None:
        return None
    stop, driver = _arrive(firm, random, order.customer)
    stop.complete(driver, delivered_orders=[order])
    return f"{driver} delivered order {order} at {order.customer}'s"


@transaction.atomic
def find_nothing(firm: Firm, random: Random) -> str | None:
    customer = some_customer(firm, random)
    if customer is None:
        return None
    stop, driver = _arrive(firm, random, customer)
    stop.miss(driver)
    return f"{driver} found nothing to pick up at {customer}'s"


def _arrive(firm: Firm, random: Random, customer: Customer) -> tuple[Stop, Employee | None]:
    """At a stop of today's route; whoever planned it did so unseen."""
    driver = one_of(firm.drivers, random)
    stop = Stop.objects.filter(customer=customer, scheduled_for=firm.business.today(), status=Stop.Status.PENDING).first()
    return stop or Stop.schedule(customer, firm.business.today(), driver=driver, route=one_of(firm.routes, random)), driver
