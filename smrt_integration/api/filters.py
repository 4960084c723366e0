"""What lists can be narrowed to."""

from typing import TYPE_CHECKING, Any

import django_filters as filters
from django.db.models import Q, QuerySet

from customers.models import Customer, Order, PickupRequest, RegularPickupRequest, Stop
from customers.phones import ImpossibleNumber, normalise
from events.models import Outgoing

if TYPE_CHECKING:

    class FilterSet:
        """What the library, which has no types, gives us."""

        request: Any
else:
    FilterSet = filters.FilterSet


class OrderFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")
    created_after = filters.IsoDateTimeFilter("created_at", "gte")
    created_before = filters.IsoDateTimeFilter("created_at", "lt")

    class Meta:
        model = Order
        fields = ("number", "status")


class StopFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")
    driver = filters.UUIDFilter("driver__uuid")
    route = filters.UUIDFilter("route__uuid")
    day = filters.DateFilter("scheduled_for")

    class Meta:
        model = Stop
        fields = ("status",)


class PickupFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")
    route = filters.UUIDFilter("customer__agent__uuid", help_text="Of customers who belong to this route.")
    day = filters.DateFilter("pickup_date")

    class Meta:
        model = PickupRequest
        fields = ("status", "scheduled_by")


class CustomerFilter(FilterSet):
    """Each narrows further."""

    email = filters.CharFilter("email", "iexact")
    phone = filters.CharFilter(method="by_phone", help_text="As people write it, or with the country code.")
    name = filters.CharFilter(method="by_name", help_text="The beginning of the first, last or company name.")
    agent = filters.UUIDFilter("agent__uuid")

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def by_phone(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        view: Any = self.request.parser_context["view"]
        try:
            return rows.filter(phone=normalise(value, None if value.startswith("+") else view.business.country))
        except ImpossibleNumber:
            return rows.none()

    def by_name(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        for word in value.split():
            rows = rows.filter(Q(last_name__istartswith=word) | Q(first_name__istartswith=word) | Q(company_name__istartswith=word))
        return rows


class RegularFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")

    class Meta:
        model = RegularPickupRequest
        fields = ("status",)


class OutboxFilter(FilterSet):
    customer = filters.UUIDFilter("user_id")
    event = filters.CharFilter("event")

    class Meta:
        model = Outgoing
        fields: tuple[str, ...] = ()
