"""The app of the records, with the permissions of owners and helpers."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save

from customers.model_roles import ModelRoles, grant_roles_after_migrate

MANAGED_BY_OWNERS = (
    "brand",
    "agent",
    "employee",
    "department",
    "customergroup",
    "discount",
    "customfield",
    "customer",
    "customfieldvalue",
    "stop",
    "pickuprequest",
    "regularpickuprequest",
)


def sync_member(instance: Any, **kwargs: Any) -> None:
    from customers import roles

    if not kwargs.get("raw"):
        roles.sync_user(instance.user)


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Records"
    # Orders, visits and texts change only by actions of the business, so owners only view them.
    model_roles = ModelRoles(
        viewed=(
            *MANAGED_BY_OWNERS,
            "business",
            "order",
            "lineitem",
            "visit",
            "consent",
            "textsettings",
            "nightlytext",
            "incomingtext",
        ),
        support_only=("membership", "textqueue"),
        changed_by_owners={
            **dict.fromkeys(MANAGED_BY_OWNERS, ("add", "change", "delete")),
            "business": ("change",),
            "textsettings": ("add", "change"),
            "incomingtext": ("change",),
        },
    )

    def ready(self) -> None:
        grant_roles_after_migrate(self)
        post_save.connect(sync_member, sender=self.get_model("Membership"))
        post_delete.connect(sync_member, sender=self.get_model("Membership"))
