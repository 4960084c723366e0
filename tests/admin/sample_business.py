"""A business with one row of everything, all recognisable by its name and by its ids."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.utils import timezone

from customers.admin_base import ScopedAdmin
from customers.models import Agent, Business, Customer, CustomField, Order
from events.models import DeliveryAttempt, Integration, Outcome, Outgoing
from events.outbox.rows import Attempt, OutboxRow, SettledMessage, Settlement
from events.outbox.settle import settle
from tests.factories import (
    AgentFactory,
    ApiKeyFactory,
    BrandFactory,
    BusinessFactory,
    ConsentFactory,
    CustomerFactory,
    CustomerGroupFactory,
    CustomerImportFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
    ExportFactory,
    IncomingTextFactory,
    LineItemFactory,
    NightlyTextFactory,
    OrderFactory,
    PickupRequestFactory,
    RegularPickupRequestFactory,
    StopFactory,
    TextSettingsFactory,
    VisitFactory,
)

FIRST_ID, SECOND_ID = 6_000_000_000, 7_000_000_000
"""Each sample's ids start here, so that no other number on a page looks like one of them."""
UNUSED_ID = 8_000_000_000


def start_ids_at(number: int) -> None:
    """Start the ids of all our tables at this number, until the test ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename FROM pg_sequences "
            "WHERE sequencename ~ '^(customers|events|smrt_integration)_' "
            "AND data_type = 'bigint'::regtype"
        )
        for (sequence,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{sequence}" RESTART WITH {number}')


@dataclass
class SampleBusiness:
    """`mark` is part of every name that a page may show; `numbers` is a pattern of all ids.

    Pages hold random tokens, and one in some thousands spells a word of four letters. A mark is so
    long that none spells it.
    """

    mark: str
    numbers: str = "no number"
    business: Business = field(init=False)
    customer: Customer = field(init=False)

    def __post_init__(self) -> None:
        assert len(self.mark) >= 6, "a random token may be the same by chance"
        self.business = business = BusinessFactory.create(name=f"{self.mark} Cleaners")
        Integration.objects.create(
            business=business, enabled=True, write_key=self.mark.lower().ljust(32, "x")
        )
        named: dict[str, Any] = {"business": business, "name": f"{self.mark} thing"}
        agent: Agent = AgentFactory.create(**named)
        brand, department, employee = (
            BrandFactory.create(**named),
            DepartmentFactory.create(**named),
            EmployeeFactory.create(**named),
        )
        group, discount = CustomerGroupFactory.create(**named), DiscountFactory.create(**named)
        question: CustomField = CustomFieldFactory.create(**named)
        CustomFieldFactory.create(
            business=business, name=f"{self.mark} birthday", kind=CustomField.Kind.DATE
        )
        self.customer = CustomerFactory.create(
            business=business,
            first_name=self.mark,
            last_name=f"{self.mark}son",
            email=f"{self.mark.lower()}@example.com",
            agent=agent,
            brand=brand,
            group=group,
            discount=discount,
        )
        CustomFieldValueFactory.create(
            customer=self.customer, field=question, value=f"{self.mark} answer"
        )
        order: Order = OrderFactory.create(
            customer=self.customer, number=f"{self.mark}-1", agent=agent, sold_by=employee
        )
        LineItemFactory.create(order=order, description=f"{self.mark} coat", department=department)
        StopFactory.create(customer=self.customer, driver=employee, street=f"{self.mark} Street")
        pickup = PickupRequestFactory.create(customer=self.customer)
        RegularPickupRequestFactory.create(customer=self.customer, street=f"{self.mark} Street")
        VisitFactory.create(customer=self.customer)
        TextSettingsFactory.create(business=business, wording=f"{self.mark}: {{day}}")
        NightlyTextFactory.create(customer=self.customer, pickup=pickup)
        IncomingTextFactory.create(customer=self.customer, body=f"{self.mark} asks")
        ConsentFactory.create(customer=self.customer, given_by=f"{self.mark} herself")
        ApiKeyFactory.create(**named)
        ExportFactory.create(business=business, filter_in_words=f"Search: {self.mark}")
        CustomerImportFactory.create(business=business, file_name=f"{self.mark}.csv")
        self._messages()

    def _messages(self) -> None:
        """Log a message with each outcome and one attempt; leave others waiting."""
        now = timezone.now()
        rows = list(Outgoing.objects.filter(business=self.business).order_by("id"))
        waiting = [
            OutboxRow(
                r.pk,
                r.business_id,
                r.customer_id,
                r.user_id,
                r.event,
                r.subject_id,
                r.message_id,
                r.occurred_at,
                r.facts,
                0,
            )
            for r in rows[: len(Outcome)]
        ]
        settled = [
            SettledMessage(row, outcome, f"{self.mark} reason", "{}", now)
            for row, outcome in zip(waiting, Outcome, strict=True)
        ]
        settle(
            Settlement(
                settled=settled,
                attempts=[Attempt(self.business.pk, now, 400, 5, 4, 100, f"{self.mark} error")],
            ),
            now,
        )
        Outgoing.objects.filter(business=self.business).update(last_error=f"{self.mark} error")
        assert Outgoing.objects.filter(business=self.business).exists()
        assert DeliveryAttempt.objects.filter(business=self.business).exists()

    def rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """Return this business's rows; none of a model that only support may see."""
        site: Any = admin.site._registry[model]
        path = site.business_path if isinstance(site, ScopedAdmin) else ""
        rows = model._default_manager.order_by("pk")
        return rows.filter(**{path: self.business.pk}) if path else rows.none()

    def everything(self) -> dict[str, list[Any]]:
        """Return all stored rows, to see whether anything changed."""
        found = {model._meta.label: list(self.rows(model).values()) for model in scoped_models()}
        for model in apps.get_app_config("events").get_models():
            columns = {column.name for column in model._meta.concrete_fields}
            path = (
                "business"
                if "business" in columns
                else "customer__business"
                if "customer" in columns
                else None
            )
            if model._meta.label not in found and path:
                found[model._meta.label] = list(
                    model._default_manager.filter(**{path: self.business.pk})
                    .order_by("pk")
                    .values()
                )
        return found


def scoped_models() -> Iterator[type[models.Model]]:
    for model, site in admin.site._registry.items():
        if isinstance(site, ScopedAdmin) and site.business_path:
            yield model
