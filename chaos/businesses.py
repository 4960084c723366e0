"""`python -m chaos.businesses`: create the businesses of a run, and print them as JSON."""

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

WRITE_KEY_SALT: Final = "chaos"
CUSTOMERS_PER_BUSINESS: Final = 6
CUSTOMERS_FROM_BEFORE: Final = 30


@dataclass(frozen=True, slots=True)
class RunBusiness:
    """A business of the run. `owner_key` may change the integration, `secrets` are its clients'.

    `customers` are the user ids of its first customers.
    """

    id: int
    name: str
    write_key: str
    owner_key: str
    secrets: dict[str, str]
    customers: list[str]


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    import django

    django.setup()
    from smrt_integration import schedules

    schedules.create_missing()  # a copy of a database of tests has none
    print(json.dumps([asdict(_create(number)) for number in range(count)]))


def _create(number: int) -> RunBusiness:
    from customers.models import (
        Agent,
        Brand,
        Business,
        Customer,
        CustomerGroup,
        CustomField,
        Department,
        Discount,
        Employee,
    )
    from events.models import Integration
    from smrt_integration.api.models import ApiKey
    from smrt_integration.api.scopes import SCOPES, Client

    zone = ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo")[number % 3]
    business = Business.objects.create(name=f"Chaos Cleaners {number}", time_zone=zone)
    for name in ("Shirts", "Coats"):
        Department.objects.create(business=business, name=name)
        Brand.objects.create(business=business, name=f"Brand {name}")
        CustomerGroup.objects.create(business=business, name=f"Group {name}")
        Agent.objects.create(business=business, name=f"Store {name}")
        Agent.objects.create(business=business, name=f"Route {name}", kind="ROUTE")
        # only customers refer to these, so they may be renamed at any time
        Agent.objects.create(business=business, name=f"Home {name}")
        Employee.objects.create(business=business, name=f"Carla {name}")
        Employee.objects.create(business=business, name=f"Dan {name}", role="DRIVER")
        Discount.objects.create(business=business, name=f"Order {name}", value=Decimal(10))
        Discount.objects.create(business=business, name=f"Home {name}", value=Decimal(5))
        CustomField.objects.create(business=business, name=name)
    write_key = hashlib.md5(f"{WRITE_KEY_SALT}{number}".encode(), usedforsecurity=False).hexdigest()
    Integration.objects.create(business=business, enabled=True, write_key=write_key)
    customers = [
        Customer.sign_up(business, first_name=f"Ann {number}", last_name="Example")
        for number in range(CUSTOMERS_PER_BUSINESS)
    ]
    _insert_customers_from_before(business)
    _, owner_key = ApiKey.issue(business, Client.POS, "Owner", scopes=sorted(SCOPES))
    secrets = {str(client): ApiKey.issue(business, client, "Client")[1] for client in Client}
    users = [str(customer.uuid) for customer in customers]
    return RunBusiness(business.pk, business.name, write_key, owner_key, secrets, users)


def _insert_customers_from_before(business: Any) -> None:
    """Insert customers of whom only a sync tells Segment. They are not in the journal."""
    from django.db import connection, transaction
    from django.utils import timezone

    from customers.models import Customer

    last_year = timezone.now() - timedelta(days=400)
    customers = [
        Customer(business=business, first_name=f"Bea {number}", created_at=last_year)
        for number in range(CUSTOMERS_FROM_BEFORE)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Customer.objects.bulk_create(customers)


if __name__ == "__main__":
    main(int(sys.argv[1]))
