"""What owners and helpers may do, as Django's groups and permissions. `migrate` keeps them complete, also for models that come later;
what an operator added stays."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.apps import AppConfig

from customers.models import Membership

GROUPS: Final[Mapping[str, str]] = {
    Membership.Role.OWNER: "Business owners",
    Membership.Role.HELPER: "Business helpers",
}


def grant_permissions(
    app: AppConfig,
    views: Iterable[str],
    changes: Mapping[str, Iterable[str]],
    also: Iterable[str] = (),
) -> None:
    """Let both groups view the models named in `views`, owners also do what `changes` says by model, and both what is named in `also`.
    Twice is as once."""
    from django.contrib.auth.models import Group, Permission

    views = {f"view_{model}" for model in views}
    both = views | set(also)
    for role, name in GROUPS.items():
        own = (
            {f"{action}_{model}" for model, actions in changes.items() for action in actions}
            if role == Membership.Role.OWNER
            else set()
        )
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label=app.label, codename__in=both | own)
        )


def sync_user(user: Any) -> None:
    """Make the user staff, and a member of the groups of their roles, as their memberships now say."""
    from django.contrib.auth.models import Group

    roles = set(Membership.objects.filter(user=user).values_list("role", flat=True))
    groups = {role: Group.objects.get_or_create(name=name)[0] for role, name in GROUPS.items()}
    user.groups.add(*(group for role, group in groups.items() if role in roles))
    user.groups.remove(*(group for role, group in groups.items() if role not in roles))
    is_staff = bool(roles) or user.is_superuser
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])
