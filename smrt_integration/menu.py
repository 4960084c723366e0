"""The admin's menu: what owners come for, then the business's records, then support's pages.

Every page of the admin is in MENU or in PAGES_NOT_IN_MENU (smrt_integration.checks). The menu shows
an entry to those who may view its page.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse_lazy


def _may_view(label: str) -> Callable[[HttpRequest], bool]:
    def is_allowed(request: HttpRequest) -> bool:
        # Imported here: the settings, which import this module, are still being read.
        from django.contrib import admin

        model = apps.get_model(label)
        return admin.site.is_registered(model) and admin.site.get_model_admin(
            model
        ).has_view_permission(request)

    return is_allowed


def _is_support(label: str) -> Callable[[HttpRequest], bool]:
    """Hide the entry from owners, even if other pages link them to some of it."""
    return lambda request: (
        bool(getattr(request.user, "is_superuser", False)) and _may_view(label)(request)
    )


def _entry(
    title: str,
    icon: str,
    label: str,
    permission: Callable[[str], Callable[[HttpRequest], bool]] = _may_view,
) -> dict[str, Any]:
    name = label.replace(".", "_").lower()
    return {
        "title": title,
        "icon": icon,
        "model": label,
        "link": reverse_lazy(f"admin:{name}_changelist"),
        "permission": permission(label),
    }


MENU: Final[list[dict[str, Any]]] = [
    {
        "items": [
            {"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")},
            _entry("Segment integration", "toggle_on", "events.Integration"),
            _entry("Send log", "receipt_long", "events.SendLog"),
            _entry("Waiting", "hourglass_top", "events.Outgoing"),
            _entry("Customers", "group", "customers.Customer"),
            _entry("Import customers", "upload_file", "smrt_integration.CustomerImport"),
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
            _entry("Replies to texts", "forum", "customers.IncomingText"),
            _entry("Text settings", "tune", "customers.TextSettings"),
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
            _entry("Businesses", "apartment", "customers.Business", _is_support),
            _entry("Memberships", "id_card", "customers.Membership", _is_support),
            _entry("Users", "person", "auth.User", _is_support),
            _entry("Groups", "shield_person", "auth.Group", _is_support),
            _entry("Lanes", "swap_calls", "events.Lane", _is_support),
            _entry("Attempts", "outgoing_mail", "events.DeliveryAttempt", _is_support),
            _entry("Programs", "monitor_heart", "smrt_integration.Heartbeat", _is_support),
            _entry("Schedules", "schedule", "django_celery_beat.PeriodicTask", _is_support),
            _entry("Failed logins", "lock", "axes.AccessAttempt", _is_support),
        ],
    },
]
PAGES_NOT_IN_MENU: Final = frozenset(
    {
        # Part of an order's and a customer's page.
        "customers.LineItem",
        "customers.CustomFieldValue",
        "customers.Consent",
        # The send log has a button to it.
        "smrt_integration.Export",
        # Support finds these by an address or from Schedules, too rarely for an entry each.
        "axes.AccessFailureLog",
        "axes.AccessLog",
        "django_celery_beat.ClockedSchedule",
        "django_celery_beat.CrontabSchedule",
        "django_celery_beat.IntervalSchedule",
        "django_celery_beat.SolarSchedule",
    }
)


def models_in_menu() -> Iterator[str]:
    """Return the labels of the models that have an entry, such as "events.SendLog"."""
    for group in MENU:
        for entry in group["items"]:
            if "model" in entry:
                yield entry["model"]
