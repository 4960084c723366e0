"""The filters of the lists."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from customers.models import Customer, Order, PickupRequest, RegularPickupRequest, Stop
from customers.phones import ImpossibleNumber, read_phone, same_phone
from smrt_integration.api.fields import OFFSET_REQUIRED

if TYPE_CHECKING:

    class FilterSet:
        """The part of django-filter, which has no types, that is used here."""

        request: Any

    class IsoDateTimeField:
        def to_python(self, value: Any) -> Any: ...

    class IsoDateTimeFilterBase:
        def __init__(self, field_name: str, lookup_expr: str) -> None: ...
else:
    FilterSet = filters.FilterSet
    IsoDateTimeFilterBase = filters.IsoDateTimeFilter
    from django_filters.fields import IsoDateTimeField

MAX_NAME_WORDS = 4
"""Each word is searched in three columns, so more words would make the query slow."""


class DateTimeWithOffsetFormField(IsoDateTimeField):
    """A time with an offset, converted to UTC: PostgreSQL supports fewer offsets than ISO 8601."""

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        if moment is None:
            return None
        if "T" not in str(value) or _naive(str(value)):
            raise ValidationError(OFFSET_REQUIRED, code="naive")
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError("This time is out of range.", code="overflow") from error


def _naive(text: str) -> bool:
    parsed = parse_datetime(text)
    return parsed is not None and parsed.tzinfo is None


class DateTimeWithOffsetFilter(IsoDateTimeFilterBase):
    field_class = DateTimeWithOffsetFormField


class OrderFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")
    created_after = DateTimeWithOffsetFilter("created_at", "gte")
    created_before = DateTimeWithOffsetFilter("created_at", "lt")

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


class PickupRequestFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")
    route = filters.UUIDFilter(
        "customer__agent__uuid", help_text="Pickups of the customers on this route."
    )
    day = filters.DateFilter("pickup_date")

    class Meta:
        model = PickupRequest
        fields = ("status", "scheduled_by")


class CustomerFilter(FilterSet):
    email = filters.CharFilter("email", "iexact", max_length=320)
    phone = filters.CharFilter(
        method="by_phone",
        max_length=40,
        help_text="In any usual notation, with or without the country code.",
    )
    name = filters.CharFilter(
        method="by_name",
        max_length=200,
        help_text="The start of the first, last or company name. Several words must all match.",
    )
    agent = filters.UUIDFilter("agent__uuid")

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def by_phone(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        view: Any = self.request.parser_context["view"]
        try:
            number = read_phone(value, view.business.country).number
        except ImpossibleNumber:
            return rows.none()
        return rows.filter(phone__in=same_phone(number))

    def by_name(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        for word in value.split()[:MAX_NAME_WORDS]:
            rows = rows.filter(
                Q(last_name__istartswith=word)
                | Q(first_name__istartswith=word)
                | Q(company_name__istartswith=word)
            )
        return rows


class RegularPickupRequestFilter(FilterSet):
    customer = filters.UUIDFilter("customer__uuid")

    class Meta:
        model = RegularPickupRequest
        fields = ("status",)
