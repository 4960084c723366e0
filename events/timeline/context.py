"""Read what a definition needs to know about one customer to say what comes next."""

from datetime import datetime

from customers.business_clock import BusinessClock
from customers.lost import DEFAULT_LIMITS, absent_since
from customers.models import Customer
from events.definitions.customer_context import (
    Absence,
    Birthdays,
    CountedVisit,
    CustomerContext,
)
from events.models import Integration
from events.timeline import queries


def customer_context(
    customer: Customer,
    integration: Integration | None,
    clock: BusinessClock,
    visit_today: CountedVisit | None,
    now: datetime,
) -> CustomerContext:
    """Read the customer's context; a business without an integration has the default limits."""
    return CustomerContext(
        customer_id=customer.pk,
        clock=clock,
        now=now,
        absence=_absence(customer, integration),
        birthdays=_birthdays(customer, integration, clock, now),
        visit_today=visit_today,
    )


def _absence(customer: Customer, integration: Integration | None) -> Absence:
    since = absent_since(customer.last_visit, customer.created_at)
    frequency = customer.visit_frequency
    return Absence(
        since=since,
        visited=since == customer.last_visit,
        frequency=frequency,
        limit=integration.limit_of(frequency) if integration else DEFAULT_LIMITS[frequency],
        found_at=queries.lost_at(customer.pk, since),
        enabled_at=integration.enabled_at if integration else None,
    )


def _birthdays(
    customer: Customer, integration: Integration | None, clock: BusinessClock, now: datetime
) -> Birthdays:
    field = integration.birthday_field if integration else None
    if integration is None or field is None:
        return Birthdays(None)
    value, entered_at = queries.custom_value(customer.pk, field.pk) or ("", None)
    year = clock.day_of(now).year
    return Birthdays(
        field=field.name,
        value=value,
        entered_at=entered_at,
        hour=integration.birthday_hour,
        since=_celebrated_since(integration),
        celebrated=queries.celebrated_years(customer.pk, [year]),
    )


def _celebrated_since(integration: Integration) -> datetime | None:
    if not integration.enabled:
        return None
    return max(
        filter(None, (integration.enabled_at, integration.birthday_field_since)), default=None
    )
