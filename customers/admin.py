"""The admin pages of the records."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from customers import admin_users, search
from customers.admin_base import (
    ROWS_PER_PAGE,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ScopedAdmin,
    ScopedInline,
    SupportAdmin,
)
from customers.admin_consent import AsksForConsent
from customers.admin_filters import FifthFilter
from customers.admin_links import AccountLinksAdmin
from customers.admin_scan import IndexedValues
from customers.day_filters import LocalDayFilter
from customers.models import (
    Agent,
    Brand,
    Business,
    Customer,
    CustomerGroup,
    CustomField,
    CustomFieldValue,
    Department,
    Discount,
    Employee,
    LineItem,
    Membership,
    Order,
    PickupRequest,
    RegularPickupRequest,
    Stop,
    Visit,
)
from customers.phones import MAX_PHONE_ENTRY
from customers.texts import admin as texts_admin
from customers.zone_forms import TimeZoneField

# Django imports this module only. Importing the others registers their pages.
__all__ = ["admin_users", "texts_admin"]


@admin.register(Business)
class BusinessAdmin(ScopedAdmin):
    business_path = "pk"
    fields = ("name", "time_zone", "country", "currency", "created_at")
    list_display = ("name", "time_zone", "country", "currency")
    is_small = True
    search_fields = ("name__folded_part",)
    readonly_fields = ("created_at",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "time_zone":
            return TimeZoneField(label="Time zone", initial=db_field.default)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        """Let only support change the name and the currency.

        Names are unique, so trying names would reveal which other businesses exist. Amounts are
        stored in the currency.
        """
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "name", "currency")


class EndedIsReadOnly(ScopedAdmin):
    """A page on which nothing of a record can be changed once its status is another than `open`.

    What happened then was recorded and sent with the day and the people that the record had.
    """

    open_status: str

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.status == self.open_status
        return is_open and super().has_change_permission(request, obj)


class NamedAdmin(ScopedAdmin):
    is_small = True
    list_display: tuple[str, ...] = ("name", "business")
    list_select_related = ("business",)
    search_fields: ClassVar[tuple[str, ...]] = ("name__folded_part", "business__name__folded_start")
    autocomplete_fields = ("business",)


admin.site.register([Brand, Department, CustomerGroup], NamedAdmin)


@admin.register(Agent)
class AgentAdmin(NamedAdmin):
    list_display = ("name", "business", "kind")
    list_filter = ("kind",)


@admin.register(Employee)
class EmployeeAdmin(NamedAdmin):
    list_display = ("name", "business", "role")
    list_filter = ("role",)
    search_fields = (*NamedAdmin.search_fields, "external_id__exact")


@admin.register(Discount)
class DiscountAdmin(NamedAdmin):
    list_display = ("name", "business", "kind", "value")
    list_filter = ("kind",)


@admin.register(CustomField)
class CustomFieldAdmin(NamedAdmin):
    list_display = ("name", "business", "kind", "position")
    list_filter = ("kind",)


class CustomFieldValues(ScopedInline):
    model = CustomFieldValue
    autocomplete_fields = ("field",)
    readonly_fields = ("updated_at",)


@admin.register(Customer)
class CustomerAdmin(AsksForConsent, AccountLinksAdmin):
    ordering = ("-pk",)
    list_display = ("__str__", "business", "email", "phone", "last_visit", "demographic")
    list_filter = (
        "kind",
        "visit_frequency",
        ("demographic", FifthFilter),
        "payment_term",
        "source",
        ("created_at", LocalDayFilter),
    )
    indexed_values: ClassVar[IndexedValues] = {
        "kind": ("CORPORATE",),
        "source": ("Website",),
        "payment_term": ("Statement", "AutoPay"),
        "visit_frequency": ("weekly", "bi-weekly", "monthly", "irregular"),
    }
    list_select_related = ("business",)
    found_by = search.customers
    autocomplete_fields = ("business", "agent", "brand", "group", "discount", "master")
    exclude = ("link_version",)
    readonly_fields = ("uuid", "created_at", "last_visit", "demographic", "text_answered_at")
    inlines = (CustomFieldValues,)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "phone":
            kwargs["max_length"] = MAX_PHONE_ENTRY
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Customer, form: "ModelForm[Customer]", change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Visit.record(obj, Visit.Type.SIGNUP, obj.created_at)


@admin.register(CustomFieldValue)
class CustomFieldValueAdmin(ScopedAdmin):
    business_path = "customer__business"
    list_display = ("__str__", "customer", "field", "updated_at")
    list_select_related = ("customer__business", "field")
    found_by = search.about_customers
    autocomplete_fields = ("customer", "field")
    readonly_fields = ("updated_at",)


LINE_ITEM_COLUMNS = ("department", "shown_quantity", "price", "returned_at")


class ShowsQuantity:
    @admin.display(description="quantity", ordering="pieces")
    def shown_quantity(self, item: LineItem) -> str:
        return item.quantity_with_unit


class LineItems(ShowsQuantity, ReadOnlyInline):
    model = LineItem
    fields = readonly_fields = ("description", *LINE_ITEM_COLUMNS)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    ordering = ("-created_at", "-pk")
    list_display = ("number", "business", "customer", "status", "total", "created_at")
    list_filter = ("status", ("created_at", LocalDayFilter))
    indexed_values: ClassVar[IndexedValues] = {"status": ("open", "ready")}
    list_select_related = ("business", "customer")
    found_by = search.orders
    inlines = (LineItems,)


@admin.register(LineItem)
class LineItemAdmin(ShowsQuantity, ReadOnlyAdmin):
    business_path = "order__business"
    fields = readonly_fields = ("uuid", "description", "order", *LINE_ITEM_COLUMNS)
    list_display = ("description", "order", *LINE_ITEM_COLUMNS)
    list_select_related = ("order__business", "department")
    found_by = search.line_items


@admin.register(Stop)
class StopAdmin(EndedIsReadOnly):
    open_status = Stop.Status.PENDING
    ordering = ("-scheduled_for", "-pk")
    list_display = (
        "scheduled_for",
        "business",
        "customer",
        "driver",
        "route",
        "status",
        "completed_at",
    )
    list_filter = ("status", ("scheduled_for", LocalDayFilter))
    indexed_values: ClassVar[IndexedValues] = {"status": ("pending", "missed")}
    list_select_related = ("business", "customer", "driver", "route")
    found_by = search.about_customers
    autocomplete_fields = ("business", "customer", "driver", "route")
    readonly_fields = (
        "status",
        "completed_at",
        "had_pickup",
        "had_delivery",
        "total_pickups",
        "total_deliveries",
    )


@admin.register(PickupRequest)
class PickupRequestAdmin(EndedIsReadOnly):
    open_status = PickupRequest.Status.SCHEDULED
    ordering = ("-pickup_date", "-pk")
    list_display = ("pickup_date", "business", "customer", "status", "scheduled_by", "canceled_via")
    list_filter = ("status", "scheduled_by", "canceled_via", ("pickup_date", LocalDayFilter))
    indexed_values: ClassVar[IndexedValues] = {"status": ("scheduled", "canceled")}
    list_select_related = ("business", "customer")
    found_by = search.about_customers
    autocomplete_fields = ("business", "customer", "employee")
    readonly_fields = ("status", "canceled_via", "created_at", "canceled_at")


@admin.register(RegularPickupRequest)
class RegularPickupRequestAdmin(EndedIsReadOnly):
    open_status = RegularPickupRequest.Status.PENDING
    ordering = ("-requested_at", "-pk")
    list_display = ("requested_at", "business", "customer", "status", "decided_at")
    list_filter = ("status", ("requested_at", LocalDayFilter))
    indexed_values: ClassVar[IndexedValues] = {"status": ("pending", "declined")}
    list_select_related = ("business", "customer")
    found_by = search.about_customers
    autocomplete_fields = ("business", "customer")
    readonly_fields = ("status", "requested_at", "decided_at")


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    ordering = ("-day", "-pk")
    list_display = ("day", "business", "customer", "visit_type", "at")
    list_filter = ("visit_type", ("day", LocalDayFilter))
    list_select_related = ("business", "customer")
    found_by = search.about_customers


@admin.register(Membership)
class MembershipAdmin(SupportAdmin):
    """The page of memberships, for support only: its search reveals all businesses' users."""

    list_display = ("user", "business", "role")
    list_filter = (("business", AutocompleteSelectFilter), "role")
    list_select_related = ("user", "business")
    search_fields = ("user__username__folded_part", "business__name__folded_start")
    autocomplete_fields = ("user", "business")
    list_per_page = ROWS_PER_PAGE

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        """Let only the role change: a membership that moved would keep its old user's permissions.

        To give a user another business, add a membership.
        """
        return ("user", "business") if obj else ()
