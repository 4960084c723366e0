"""Whom the simulated people deal with."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Final, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from customers.models import Customer, Order, PickupRequest
from smrt_integration.dev.demo.businesses import Firm

Thing = TypeVar("Thing")
Record = TypeVar("Record", bound=Model)

STILL_HERE: Final = timedelta(days=10)
"""Less than any rhythm allows: whoever was not seen for longer is left alone, so that some customers are lost every day."""
NEWEST: Final = 1000
"""Of how many one is picked: a demo that ran for weeks must not become slower with each day."""


def one_of(things: Sequence[Thing], random: Random) -> Thing | None:
    return random.choice(things) if things else None


def pick(rows: QuerySet[Record], random: Random) -> Record | None:
    """By the order of ids, so that the same `random` picks the same row again."""
    found = one_of(list(rows.order_by("-pk").values_list("pk", flat=True)[:NEWEST]), random)
    return rows.filter(pk=found).first()


def some_customer(firm: Firm, random: Random) -> Customer | None:
    """Somebody who comes regularly or signed up lately; anybody, when nothing has happened here for long."""
    everybody = Customer.objects.filter(business=firm.business).select_related("business", "discount")
    since = timezone.now() - STILL_HERE
    return pick(everybody.filter(Q(last_visit__gt=since) | Q(created_at__gt=since)), random) or pick(everybody, random)


def first_in_line(firm: Firm, status: str) -> Order | None:
    """Whoever came first is served first."""
    return Order.objects.filter(business=firm.business, status=status).select_related("customer").order_by("pk").first()


def some_pickup(firm: Firm, random: Random) -> PickupRequest | None:
    """One that can still be canceled."""
    scheduled = PickupRequest.objects.filter(business=firm.business, status=PickupRequest.Status.SCHEDULED)
    return pick(scheduled.filter(pickup_date__gte=firm.business.today()).select_related("customer"), random)


def soon(firm: Firm, random: Random) -> date:
    return firm.business.today() + timedelta(days=random.randint(1, 6))
