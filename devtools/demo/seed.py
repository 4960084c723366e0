"""Create the demo businesses.

They have used Segment for three months, and nothing of their past is sent again.
"""

from datetime import timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.utils import timezone

from customers import demographics
from customers.models import (
    Agent,
    Brand,
    Business,
    CustomerGroup,
    CustomField,
    Department,
    Discount,
    Employee,
    TextSettings,
)
from customers.texts.timing import EARLIEST_HOUR
from devtools.demo import past_texts
from devtools.demo.businesses import BUSINESSES, BusinessRecords, DemoBusiness
from devtools.demo.past_messages import PastMessages
from devtools.demo.past_records import PastRecords
from events.models import Integration

ON_SEGMENT_FOR = timedelta(days=90)
BIRTHDAY = "Birthday"


def seed() -> list[str]:
    """Create the missing businesses. Returns a line about each. Existing ones are not changed."""
    return [_describe(demo.find() or _create(demo)) for demo in BUSINESSES]


def _describe(business: Business) -> str:
    integration = Integration.objects.filter(business=business, enabled=True).first()
    status = (
        f"sends to Segment, {integration.get_region_display()}"
        if integration
        else "switched off, so nothing is sent"
    )
    return f"{business.name} ({business.time_zone}): {status}"


@transaction.atomic
def _create(demo: DemoBusiness) -> Business:
    business = Business.objects.create(
        name=demo.name, time_zone=demo.time_zone, country=demo.place.country, currency=demo.currency
    )
    birthday = _create_records(demo, business)
    records = BusinessRecords.read(demo, business)
    PastRecords(records, Random(demo.name), birthday).create()
    demographics.recompute_demographics(business.pk, timezone.now())
    # after the past: without an integration nothing of the past is recorded
    integration = _create_integration(demo, business, birthday)
    if demo.enabled:
        PastMessages(records, integration, Random(demo.name)).create()
    # at most hours it is afternoon or evening at one of the three, so a newcomer sees texts
    settings = TextSettings.objects.create(
        business=business,
        enabled=True,
        number=demo.text_number,
        language=demo.language,
        hour=EARLIEST_HOUR,
        van_leaves=EARLIEST_HOUR,
    )
    past_texts.create_past_texts(settings, timezone.now())
    return business


def _create_records(demo: DemoBusiness, business: Business) -> CustomField:
    Brand.objects.bulk_create([Brand(business=business, name=name) for name in demo.brands])
    Department.objects.bulk_create(
        [Department(business=business, name=name) for name in demo.departments]
    )
    CustomerGroup.objects.bulk_create(
        [CustomerGroup(business=business, name=name) for name in demo.groups]
    )
    for kind, agents in ((Agent.Kind.STORE, demo.stores), (Agent.Kind.ROUTE, demo.routes)):
        Agent.objects.bulk_create(
            [Agent(business=business, name=name, kind=kind) for name in agents]
        )
    for role, people in (
        (Employee.Role.COUNTER, demo.counter),
        (Employee.Role.DRIVER, demo.drivers),
    ):
        Employee.objects.bulk_create(
            [Employee(business=business, name=name, role=role) for name in people]
        )
    _create_discounts(business)
    CustomField.objects.create(business=business, name="Referral Source", position=2)
    return CustomField.objects.create(
        business=business, name=BIRTHDAY, kind=CustomField.Kind.DATE, position=1
    )


def _create_discounts(business: Business) -> None:
    ten_percent = Discount(
        business=business,
        name="Loyal customer",
        description="10% off everything",
        value=Decimal(10),
    )
    five_off = Discount(
        business=business, name="Welcome back", kind=Discount.Kind.AMOUNT, value=Decimal(5)
    )
    Discount.objects.bulk_create([ten_percent, five_off])


def _create_integration(
    demo: DemoBusiness, business: Business, birthday: CustomField
) -> Integration:
    integration: Integration = Integration.objects.create(
        business=business,
        enabled=demo.enabled,
        enabled_at=timezone.now() - ON_SEGMENT_FOR if demo.enabled else None,
        write_key=demo.write_key,
        region=demo.region,
        birthday_field=birthday,
        # so that today's birthdays are found at any hour of the day
        birthday_hour=0,
    )
    return integration
