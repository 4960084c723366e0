"""The admin's menu: first what owners come for, then the business's records, then what only support needs. Each entry is shown to those
who may look at what is behind it."""

from collections.abc import Callable
from typing import Any, Final

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse_lazy


def _may_view(label: str) -> Callable[[HttpRequest], bool]:
    def allowed(request: HttpRequest) -> bool:
        # the settings are still being read when this module is imported
        from django.contrib import admin

        model = apps.get_model(label)
        return admin.site.is_registered(model) and admin.site.get_model_admin(
            model
        ).has_view_permission(request)

    return allowed


def _support(label: str) -> Callable[[HttpRequest], bool]:
    """Owners may look at some of it too, when a page leads them there."""
    return lambda request: (
        bool(getattr(request.user, "is_superuser", False)) and _may_view(label)(request)
    )


def _entry(
    title: str,
    icon: str,
    label: str,
    allowed: Callable[[str], Callable[[HttpRequest], bool]] = _may_view,
) -> dict[str, Any]:
    name = label.replace(".", "_").lower()
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{name}_changelist"),
        "permission": allowed(label),
    }


MENU: Final[list[dict[str, Any]]] = [
    {
        "items": [
            {"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")},
            _entry("Segment integration", "toggle_on", "events.Integration"),
            _entry("Send log", "receipt_long", "events.SendLog"),
            _entry("Waiting", "hourglass_top", "events.Outgoing"),
            _entry("Customers", "group", "customers.Customer"),
            _entry("API keys", "key", "smrt_integration.ApiKey"),
        ]
    },
    {
        "title": "Records",
        "separator": True,
        "collapsible": True,
        "items": [
            _entry("Orders", "shopping_bag", "customers.Order"),
            _entry("Stops", "local_shipping", "customers.Stop"),
            _entry("Pickups", "event", "customers.PickupRequest"),
            _entry("Regular pickups", "event_repeat", "customers.RegularPickupRequest"),
            _entry("Visits", "door_open", "customers.Visit"),
            _entry("Nightly texts", "sms", "customers.NightlyText"),
            _entry("Answers to texts", "forum", "customers.IncomingText"),
            _entry("Settings of texts", "tune", "customers.TextSettings"),
            _entry("Brands", "sell", "customers.Brand"),
            _entry("Stores and routes", "store", "customers.Agent"),
            _entry("Employees", "badge", "customers.Employee"),
            _entry("Departments", "category", "customers.Department"),
            _entry("Customer groups", "groups", "customers.CustomerGroup"),
            _entry("Discounts", "percent", "customers.Discount"),
            _entry("Custom fields", "list_alt", "customers.CustomField"),
        ],
    },
    {
        "title": "Support",
        "separator": True,
        "collapsible": True,
        "items": [
            _entry("Businesses", "apartment", "customers.Business", _support),
            _entry("Memberships", "id_card", "customers.Membership", _support),
            _entry("Users", "person", "auth.User", _support),
            _entry("Groups", "shield_person", "auth.Group", _support),
            _entry("Lanes", "swap_calls", "events.Lane", _support),
            _entry("Attempts", "outgoing_mail", "events.DeliveryAttempt", _support),
            _entry("Schedules", "schedule", "django_celery_beat.PeriodicTask", _support),
            _entry("Failed logins", "lock", "axes.AccessAttempt", _support),
        ],
    },
]
