"""The random choices of the simulation: a customer, an order, a pickup, a date.

Only this module reads the database: no till and no website decides which customer comes. What
happens then goes through the API, the pages or a text.
"""

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
"""Shorter than any customer's limit: others are left alone, so that some get lost every day."""
DAYS_AHEAD: Final = 6
"""The latest day for a pickup, in days from today."""
MAX_CHOICES: Final = 1000
"""Customers to choose from: a demo that ran for weeks must not get slower."""


def choose(rows: Sequence[Choice], random: Random) -> Choice | None:
    return random.choice(rows) if rows else None


def choose_customer(business: RemoteBusiness, random: Random) -> Row | None:
    """Return a customer who visited or signed up recently, or else any customer."""
    customers = Customer.objects.filter(business__uuid=business.uuid)
    since = timezone.now() - ACTIVE_WITHIN
    uuid = _choose_uuid(
        customers.filter(Q(last_visit__gt=since) | Q(created_at__gt=since)), random
    ) or _choose_uuid(customers, random)
    return business.till.get(f"customers/{uuid}") if uuid else None


def _choose_uuid(rows: QuerySet[Customer], random: Random) -> UUID | None:
    """Choose in the order of ids, so that the same `random` chooses the same row again."""
    return choose(list(rows.order_by("-pk").values_list("uuid", flat=True)[:MAX_CHOICES]), random)


def customer_link(customer: Row) -> str:
    """Return the link that the business emailed to the customer. Raises RecordGone.

    It is computed: a business that is switched off has sent Segment no link, and the emails of the
    last three months are older than this stand-in for Segment.
    """
    row = Customer.objects.filter(uuid=customer["id"]).values_list("uuid", "link_version").first()
    if row is None:
        raise RecordGone
    return account_link(*row)


def oldest_order(business: RemoteBusiness, status: str) -> Row | None:
    """Return the oldest order with this status. The API lists the newest first."""
    orders = business.till.list_rows("orders", status=status)
    return orders[-1] if orders else None


def choose_pickup(business: RemoteBusiness, random: Random) -> Row | None:
    """Return a pickup that can still be canceled, if any.

    It asks for one day after another: a list of all days would grow with the demo.
    """
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
    """Return the name as the pages show it."""
    contact = f"{customer['first_name']} {customer['last_name']}".strip()
    name = customer["company_name"] or contact if customer["kind"] == "CORPORATE" else contact
    return name or "a customer without a name"
