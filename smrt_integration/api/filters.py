"""The filters of the lists."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import django_filters as filters
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from customers import search
from customers.folding import fold
from customers.models import Customer, Order, PickupRequest, RegularPickupRequest, Stop
from customers.phones import ImpossibleNumber, read_phone, same_phone
from smrt_integration.api.bounded_pages import Scanned
from smrt_integration.api.fields import OFFSET_REQUIRED

if TYPE_CHECKING:

    class FilterSet:
        """The part of django-filter, which has no types, that is used here."""

        request: Any

    class IsoDateTimeField:
        def to_python(self, value: Any) -> Any: ...

    class IsoDateTimeFilterBase:
        def __init__(self, field_name: str, lookup_expr: str) -> None: ...

    class UUIDFilterBase:
        field_name: str

        def __init__(self, field_name: str, help_text: str = "") -> None: ...
else:
    FilterSet = filters.FilterSet
    UUIDFilterBase = filters.UUIDFilter
    IsoDateTimeFilterBase = filters.IsoDateTimeFilter
    from django_filters.fields import IsoDateTimeField

CUSTOMER_SEARCH = (
    "The start of the customer's first, last or full name in any order, company or email; a phone"
    " number in any notation, or its last four or more digits; an id or external id. Accents and"
    f" capitals do not matter. Looks at no more than {search.MOST_FOUND:,} customers."
)
ORDER_SEARCH = f"An order number, or the start of one. {CUSTOMER_SEARCH}"
MAX_NAME_WORDS = 4
"""Each word may begin any of three columns, so more words would make too many combinations."""


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


class ReferenceFilter(UUIDFilterBase):
    """The filter by the id of a record that rows refer to.

    The record is looked up first, so that PostgreSQL knows how many rows refer to it.
    """

    def filter(self, rows: QuerySet[Any], value: UUID | None) -> QuerySet[Any]:
        if value is None:
            return rows
        path = self.field_name.removesuffix("__uuid")
        record: Any = get_fields_from_path(rows.model, path)[-1].related_model
        found = record.objects.filter(uuid=value).values_list("pk", flat=True)
        return rows.filter(**{f"{path}__in": [*found]})


class SearchFilter(FilterSet):
    """The filter of a list that can be searched by `found_by`, a function of `customers.search`."""

    found_by: ClassVar[Callable[[QuerySet[Any], str, Sequence[int]], search.Matching]]
    scanned: ClassVar[Scanned] = {}
    search = filters.CharFilter(method="by_search", max_length=200, help_text=CUSTOMER_SEARCH)

    def by_search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        view: Any = self.request.parser_context["view"]
        matching, _ = type(self).found_by(rows, value, [view.business.pk])
        return matching


class OrderFilter(SearchFilter):
    found_by = search.orders
    scanned: ClassVar[Scanned] = {"status": ("returned",)}
    search = filters.CharFilter(method="by_search", max_length=200, help_text=ORDER_SEARCH)
    customer = ReferenceFilter("customer__uuid")
    created_after = DateTimeWithOffsetFilter("created_at", "gte")
    created_before = DateTimeWithOffsetFilter("created_at", "lt")

    class Meta:
        model = Order
        fields = ("number", "external_id", "status")


class StopFilter(SearchFilter):
    found_by = search.about_customers
    scanned: ClassVar[Scanned] = {"driver": None, "route": None, "status": ("completed",)}
    customer = ReferenceFilter("customer__uuid")
    driver = ReferenceFilter("driver__uuid")
    route = ReferenceFilter("route__uuid")
    day = filters.DateFilter("scheduled_for")

    class Meta:
        model = Stop
        fields = ("status",)


class PickupRequestFilter(SearchFilter):
    found_by = search.about_customers
    scanned: ClassVar[Scanned] = {"route": None, "scheduled_by": None, "status": ("completed",)}
    customer = ReferenceFilter("customer__uuid")
    route = ReferenceFilter(
        "customer__agent__uuid", help_text="Pickups of the customers on this route."
    )
    day = filters.DateFilter("pickup_date")

    class Meta:
        model = PickupRequest
        fields = ("status", "scheduled_by")


class CustomerFilter(SearchFilter):
    found_by = search.customers
    scanned: ClassVar[Scanned] = {"agent": None}
    email = filters.CharFilter(method="by_email", max_length=320)
    phone = filters.CharFilter(
        method="by_phone",
        max_length=40,
        help_text="In any usual notation, with or without the country code.",
    )
    name = filters.CharFilter(
        method="by_name",
        max_length=200,
        help_text="The start of the first, last or company name. Several words must all match."
        f" Looks at no more than {search.MOST_FOUND:,} customers.",
    )
    agent = ReferenceFilter("agent__uuid")

    class Meta:
        model = Customer
        fields = ("external_id",)

    def by_phone(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        view: Any = self.request.parser_context["view"]
        try:
            number = read_phone(value, view.business.country).number
        except ImpossibleNumber:
            return rows.none()
        return rows.filter(phone__in=same_phone(number))

    def by_email(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        # The folded email has an index, and also finds some that differ in their punctuation.
        return rows.filter(email__folded=value, email__iexact=value)

    def by_name(self, rows: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        words = fold(value).split()[:MAX_NAME_WORDS]
        view: Any = self.request.parser_context["view"]
        found = search.customers_by_words(words, view.business.pk)
        return rows.filter(pk__in=found.ids)


class RegularPickupRequestFilter(SearchFilter):
    found_by = search.about_customers
    scanned: ClassVar[Scanned] = {"status": ("approved",)}
    customer = ReferenceFilter("customer__uuid")

    class Meta:
        model = RegularPickupRequest
        fields = ("status",)
