"""Which businesses a user may see, and what they may do there. Every owner's page, list, choice and export asks here and nowhere else."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from customers.models import Business, Membership

User = AbstractBaseUser | AnonymousUser


def businesses_of(user: User) -> QuerySet[Business]:
    """Those that the user may see: all for support staff (superusers), else those they belong to."""
    return _businesses(user)


def managed_by(user: User) -> QuerySet[Business]:
    """Those that the user may change: all for support staff, else those they own."""
    return _businesses(user, role=Membership.Role.OWNER)


def may_see(user: User, business_id: int | None) -> bool:
    return _is_support(user) or business_id in _roles(user)


def may_manage(user: User, business_id: int | None) -> bool:
    return _is_support(user) or _roles(user).get(business_id) == Membership.Role.OWNER


def manages_any(user: User) -> bool:
    """Whether there is a business to add anything to."""
    return _is_support(user) or Membership.Role.OWNER in _roles(user).values()


def only_business_of(user: User) -> int | None:
    """Of a member of exactly one business, its id."""
    roles = {} if _is_support(user) else _roles(user)
    return next(iter(roles)) if len(roles) == 1 else None


def may_resend(user: User, business_id: int | None) -> bool:
    """Any member: sending again is a helper's work too."""
    permitted = _is_support(user) or bool(
        getattr(user, "has_perm", lambda _: False)("events.send_again")
    )
    return permitted and may_see(user, business_id)


def _is_support(user: User) -> bool:
    """Superusers see everything, also what is left of a business that is gone."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


def _roles(user: Any) -> Mapping[int | None, str]:
    """By business. Asked once per request, whose user is an object of its own: a page wants to know dozens of times."""
    if not hasattr(user, "business_roles"):
        found = (
            Membership.objects.filter(user_id=user.pk)
            if user.is_active and user.pk
            else Membership.objects.none()
        )
        user.business_roles = dict(found.values_list("business_id", "role"))
    roles: Mapping[int | None, str] = user.business_roles
    return roles


def _businesses(user: User, **membership: Any) -> QuerySet[Business]:
    if not user.is_active:
        return Business.objects.none()
    if _is_support(user):
        return Business.objects.all()
    return Business.objects.filter(
        pk__in=Membership.objects.filter(user_id=user.pk, **membership).values("business_id")
    )
