"""The app of the records, with the permissions of owners and helpers."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save

from customers.model_roles import ModelRoles

KEPT_BY_OWNERS = (
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


def grant_roles(sender: AppConfig, **kwargs: Any) -> None:
    from customers import roles

    roles.grant_permissions(sender)


def membership_changed(instance: Any, **kwargs: Any) -> None:
    from customers import roles

    if not kwargs.get("raw"):
        roles.sync_user(instance.user)


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Records"
    # Orders, visits and texts change only by actions of the business, so owners only view them.
    model_roles = ModelRoles(
        viewed=(
            *KEPT_BY_OWNERS,
            "business",
            "order",
            "lineitem",
            "visit",
            "textsettings",
            "nightlytext",
            "incomingtext",
        ),
        support_only=("membership",),
        changed_by_owners={
            **dict.fromkeys(KEPT_BY_OWNERS, ("add", "change", "delete")),
            "business": ("change",),
            "textsettings": ("add", "change"),
            "incomingtext": ("change",),
        },
    )

    def ready(self) -> None:
        post_migrate.connect(grant_roles, sender=self)
        post_save.connect(membership_changed, sender=self.get_model("Membership"))
        post_delete.connect(membership_changed, sender=self.get_model("Membership"))
