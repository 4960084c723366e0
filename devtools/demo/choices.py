"""Whom life brings to the counter, the door and the website. It is the only thing that the simulation asks the database itself:
no till and no website decides who comes in. Whatever is then done, is done by way of the API, the pages or a text."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.links import account_link
from customers.models import Customer
from devtools.demo.api_client import Row
from devtools.demo.http_client import RecordGone
from devtools.demo.remote_business import RemoteBusiness

Choice = TypeVar("Choice")

ACTIVE_WITHIN: Final = timedelta(days=10)
"""Less than any rhythm allows: whoever was not seen for longer is left alone, so that some customers are lost every day."""
DAYS_AHEAD: Final = 6
"""Days ahead, at most, that people plan."""
MAX_CHOICES: Final = 1000
"""Of how many one is picked: a demo that ran for weeks must not become slower with each day."""


def choose(things: Sequence[Choice], random: Random) -> Choice | None:
    return random.choice(things) if things else None


def choose_customer(business: RemoteBusiness, random: Random) -> Row | None:
    """Somebody who comes regularly or signed up lately, as the till finds them; anybody, when nothing has happened here for long."""
    everybody = Customer.objects.filter(business__uuid=business.uuid)
    since = timezone.now() - ACTIVE_WITHIN
    chosen = _choose_uuid(
        everybody.filter(Q(last_visit__gt=since) | Q(created_at__gt=since)), random
    ) or _choose_uuid(everybody, random)
    return business.till.get(f"customers/{chosen}") if chosen else None


def _choose_uuid(rows: QuerySet[Customer], random: Random) -> UUID | None:
    """By the order of ids, so that the same `random` picks the same row again."""
    return choose(list(rows.order_by("-pk").values_list("uuid", flat=True)[:MAX_CHOICES]), random)


def customer_link(customer: Row) -> str:
    """What the business once mailed to the customer. Raises Gone.

    Computed, and not taken out of what Segment got: a business that is switched off has sent Segment no link, and the mails of the last
    three months, which made-up customers kept, went out before this Segment started.
    """
    known = Customer.objects.filter(uuid=customer["id"]).values_list("uuid", "link_version").first()
    if known is None:
        raise RecordGone
    return account_link(*known)


def oldest_order(business: RemoteBusiness, status: str) -> Row | None:
    """The order to go on with: whoever came first is served first. The till lists the newest first."""
    orders = business.till.list_rows("orders", status=status)
    return orders[-1] if orders else None


def choose_pickup(business: RemoteBusiness, random: Random) -> Row | None:
    """One that can still be canceled. Asked for by the day, as those of days that passed only become more."""
    days = [business.today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)]
    for day in random.sample(days, len(days)):
        if scheduled := business.till.list_rows(
            "pickup-requests", status="scheduled", day=day.isoformat()
        ):
            return random.choice(scheduled)
    return None


def choose_pickup_date(business: RemoteBusiness, random: Random) -> date:
    return business.today + timedelta(days=random.randint(1, DAYS_AHEAD))


def customer_name(customer: Row) -> str:
    """As the records call them."""
    contact = f"{customer['first_name']} {customer['last_name']}".strip()
    name = customer["company_name"] or contact if customer["kind"] == "CORPORATE" else contact
    return name or "somebody without a name"
