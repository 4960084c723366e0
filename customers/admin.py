from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from customers.admin_base import ReadOnlyAdmin, RecordAdmin, ShownWith, TabularInline
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
from customers.texts import admin as texts

__all__ = ["texts"]

CUSTOMER_SEARCH = (
    "customer__company_name__istartswith",
    "customer__last_name__istartswith",
    "customer__email__istartswith",
    "customer__phone__startswith",
)


@admin.register(Business)
class BusinessAdmin(RecordAdmin):
    business_path = "pk"
    list_display = ("name", "time_zone", "country", "currency")
    search_fields = ("name",)
    readonly_fields = ("created_at",)


class NamedAdmin(RecordAdmin):
    list_display: tuple[str, ...] = ("name", "business")
    list_select_related = ("business",)
    search_fields = ("name__istartswith", "business__name__istartswith")
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


@admin.register(Discount)
class DiscountAdmin(NamedAdmin):
    list_display = ("name", "business", "kind", "value")
    list_filter = ("kind",)


@admin.register(CustomField)
class CustomFieldAdmin(NamedAdmin):
    list_display = ("name", "business", "kind", "position")
    list_filter = ("kind",)


class CustomFieldValues(TabularInline):
    model = CustomFieldValue
    extra = 0
    autocomplete_fields = ("field",)
    readonly_fields = ("updated_at",)


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    list_display = ("__str__", "business", "email", "phone", "last_visit", "demographic")
    list_filter = ("kind", "visit_frequency", "demographic", "payment_term", "source")
    list_select_related = ("business",)
    search_fields = ("company_name__istartswith", "last_name__istartswith", "email__istartswith", "phone__startswith", "=uuid")
    autocomplete_fields = ("business", "agent", "brand", "group", "discount", "master")
    readonly_fields = ("uuid", "created_at", "last_visit", "demographic", "text_answered_at", "link_version")
    inlines = (CustomFieldValues,)

    def save_model(self, request: HttpRequest, obj: Customer, form: "ModelForm[Customer]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Visit.record(obj, Visit.Type.SIGNUP, obj.created_at)


@admin.register(CustomFieldValue)
class CustomFieldValueAdmin(RecordAdmin):
    business_path = "customer__business"
    list_display = ("__str__", "customer", "field", "updated_at")
    list_select_related = ("customer", "field")
    search_fields = CUSTOMER_SEARCH
    autocomplete_fields = ("customer", "field")
    readonly_fields = ("updated_at",)


class LineItems(ShownWith):
    model = LineItem
    fields = ("description", "department", "quantity", "price", "returned_at")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "business", "customer", "status", "total", "created_at")
    list_filter = ("status",)
    list_select_related = ("business", "customer")
    search_fields = ("number", *CUSTOMER_SEARCH)
    inlines = (LineItems,)


@admin.register(LineItem)
class LineItemAdmin(ReadOnlyAdmin):
    business_path = "order__business"
    list_display = ("description", "order", "department", "quantity", "price", "returned_at")
    list_select_related = ("order", "department")
    search_fields = ("order__number",)


@admin.register(Stop)
class StopAdmin(RecordAdmin):
    list_display = ("scheduled_for", "customer", "driver", "route", "status", "completed_at")
    list_filter = ("status",)
    list_select_related = ("customer", "driver", "route")
    search_fields = CUSTOMER_SEARCH
    autocomplete_fields = ("business", "customer", "driver", "route")
    readonly_fields = ("status", "completed_at", "had_pickup", "had_delivery", "total_pickups", "total_deliveries")


@admin.register(PickupRequest)
class PickupRequestAdmin(RecordAdmin):
    list_display = ("pickup_date", "customer", "status", "scheduled_by", "canceled_via")
    list_filter = ("status", "scheduled_by", "canceled_via")
    list_select_related = ("customer",)
    search_fields = CUSTOMER_SEARCH
    autocomplete_fields = ("business", "customer", "employee")
    readonly_fields = ("status", "canceled_via", "created_at", "canceled_at")


@admin.register(RegularPickupRequest)
class RegularPickupRequestAdmin(RecordAdmin):
    list_display = ("requested_at", "customer", "status", "decided_at")
    list_filter = ("status",)
    list_select_related = ("customer",)
    search_fields = CUSTOMER_SEARCH
    autocomplete_fields = ("business", "customer")
    readonly_fields = ("status", "requested_at", "decided_at")


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    list_display = ("day", "customer", "visit_type", "at")
    list_filter = ("visit_type",)
    list_select_related = ("customer",)
    search_fields = CUSTOMER_SEARCH


@admin.register(Membership)
class MembershipAdmin(RecordAdmin):
    list_display = ("user", "business", "role")
    list_select_related = ("user", "business")
    autocomplete_fields = ("user", "business")
