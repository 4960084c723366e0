"""Which businesses a user may see, and what they may do there. Every owner's page, list, choice and export asks here and nowhere else."""

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
    return _is_support(user) or (business_id is not None and businesses_of(user).filter(pk=business_id).exists())


def may_manage(user: User, business_id: int | None) -> bool:
    return _is_support(user) or (business_id is not None and managed_by(user).filter(pk=business_id).exists())


def may_send_again(user: User, business_id: int | None) -> bool:
    """Any member: sending again is a helper's work too."""
    permitted = _is_support(user) or bool(getattr(user, "has_perm", lambda _: False)("events.send_again"))
    return permitted and may_see(user, business_id)


def _is_support(user: User) -> bool:
    """Superusers see everything, also what is left of a business that is gone."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


def _businesses(user: User, **membership: Any) -> QuerySet[Business]:
    if not user.is_active:
        return Business.objects.none()
    if _is_support(user):
        return Business.objects.all()
    return Business.objects.filter(pk__in=Membership.objects.filter(user_id=user.pk, **membership).values("business_id"))
