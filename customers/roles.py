"""The roles of owners and helpers, as Django's groups and permissions.

`migrate` adds the permissions that are missing; it keeps those that an operator added.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.apps import AppConfig

from customers.model_roles import ModelRoles
from customers.models import Membership

GROUPS: Final[Mapping[str, str]] = {
    Membership.Role.OWNER: "Business owners",
    Membership.Role.HELPER: "Business helpers",
}


def grant_permissions(app: AppConfig) -> None:
    """Give both groups the permissions that the app's `model_roles` say. Idempotent."""
    from django.contrib.auth.models import Group, Permission

    model_roles: ModelRoles = app.model_roles  # type: ignore[attr-defined]
    both = {f"view_{model}" for model in model_roles.viewed} | {*model_roles.extra_permissions}
    owners = {
        f"{action}_{model}"
        for model, actions in model_roles.changed_by_owners.items()
        for action in actions
    }
    for role, name in GROUPS.items():
        codenames = both | owners if role == Membership.Role.OWNER else both
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label=app.label, codename__in=codenames)
        )


def sync_user(user: Any) -> None:
    """Set `is_staff` and the role groups of the user as their memberships say now."""
    from django.contrib.auth.models import Group

    roles = set(Membership.objects.filter(user=user).values_list("role", flat=True))
    groups = {role: Group.objects.get_or_create(name=name)[0] for role, name in GROUPS.items()}
    user.groups.add(*(group for role, group in groups.items() if role in roles))
    user.groups.remove(*(group for role, group in groups.items() if role not in roles))
    is_staff = bool(roles) or user.is_superuser
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])
