from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save

# What is recorded by the actions of a business is not typed in here; the business itself is support's.
VIEWABLE_MODELS = (
    *(
        "business",
        "brand",
        "agent",
        "employee",
        "department",
        "customergroup",
        "discount",
        "customfield",
        "customer",
        "customfieldvalue",
    ),
    *(
        "order",
        "lineitem",
        "stop",
        "pickuprequest",
        "regularpickuprequest",
        "visit",
        "textsettings",
        "nightlytext",
        "incomingtext",
    ),
)
OWNER_PERMISSIONS = {
    **dict.fromkeys(
        ("brand", "agent", "employee", "department", "customergroup", "discount", "customfield"),
        ("add", "change", "delete"),
    ),
    **dict.fromkeys(
        ("customer", "customfieldvalue", "stop", "pickuprequest", "regularpickuprequest"),
        ("add", "change", "delete"),
    ),
    "business": ("change",),
    "textsettings": ("add", "change"),
    "incomingtext": ("change",),
}


def grant_roles(sender: AppConfig, **kwargs: Any) -> None:
    from customers import roles

    roles.grant_permissions(sender, VIEWABLE_MODELS, OWNER_PERMISSIONS)


def membership_changed(instance: Any, **kwargs: Any) -> None:
    from customers import roles

    if not kwargs.get("raw"):
        roles.sync_user(instance.user)


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        post_migrate.connect(grant_roles, sender=self)
        post_save.connect(membership_changed, sender=self.get_model("Membership"))
        post_delete.connect(membership_changed, sender=self.get_model("Membership"))
